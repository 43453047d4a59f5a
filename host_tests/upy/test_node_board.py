"""What a node says of its board, and how long it may sleep. Whole firmware runs in
host_tests/unit/test_firmware_*.py.
"""

from kit import MICROPYTHON, raises
from motelink import node_report, storage
from motelink.errors import ConfigError
from motelink.node import Node
from motelink.node_sleep import Sleeper
from motelink.settings import Settings


def test_the_largest_free_block():
    if MICROPYTHON:
        import gc

        gc.collect()
        free = gc.mem_free()
        block = node_report.largest(free)
        assert 0 < block <= free
        assert len(bytearray(block)) == block
        gc.collect()
        raises(MemoryError, bytearray, block + free // 32)
    assert node_report.largest(0) == 0


class _Json:
    def __init__(self):
        self.pairs = {}

    def pair(self, name, value):
        self.pairs[name] = value


def test_the_report():
    storage.write("s.toml", "")
    node = Node(Settings("s.toml"))
    json = _Json()
    data = node.report(json)
    assert data == json.pairs
    for name in ("uptime", "heap_free", "heap_low", "heap_block", "reconnects", "reset", "time"):
        assert name in data, name
    assert "rssi" not in data


def test_sleep_after_wants_times():
    storage.write("s.toml", "")
    node = Node(Settings("s.toml"))
    for within, sleep in ((0, 1), (1, 0), (1 << 29, 1), (1, 1 << 29)):
        raises(ConfigError, node.sleep_after, within, sleep)
    assert isinstance(Sleeper(node, 1, 1), Sleeper)
