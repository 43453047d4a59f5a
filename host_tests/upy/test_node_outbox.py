"""motelink.node_outbox: a node's platforms get outboxes where its settings want them."""

import sys

import box
from kit import MICROPYTHON, raises
from motelink import storage
from motelink.errors import ConfigError, TooLarge
from motelink.node import Node
from motelink.node_outbox_changes import Changes
from motelink.node_sleep import Sleeper
from motelink.port import ticks_add, ticks_ms
from motelink.settings import Settings

HEAP = "256k"  # all of it is compiled there
MANAGER = 'manager_host = "127.0.0.1"\nmanager_port = 9\nmanager_uuid = "%s"\n' % ("a" * 36)
LOSANT = (
    'losant_device = "d"\nlosant_key = "k"\nlosant_secret = "s"\nlosant_secure = false\n'
    'losant_host = "127.0.0.1"\nlosant_port = 9\n'
)
UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"


def _node(text, count=2):
    for name in ("losant", "manager"):
        box.clean("outbox-" + name)
    storage.write("s.toml", text.replace("a" * 36, UUID))
    node = Node(Settings("s.toml"), "kettle")
    for i in range(count):
        node.sensor("sensor_%d" % i).set(i)
    node.start()
    return node


def _close(node):
    for platform in node.platforms:
        platform.outbox.box.close()


def test_nothing_of_it_is_loaded_without_the_setting():
    loaded = {}
    for name in ("motelink.node_outbox", "motelink.outbox_forward", "motelink.manager_outbox"):
        if name in sys.modules:
            loaded[name] = sys.modules.pop(name)
    node = _node(MANAGER)
    assert not hasattr(node.platforms[0], "outbox") and "waiting" not in node.report()
    assert "motelink.outbox_forward" not in sys.modules
    sys.modules.update(loaded)  # or others would have two of each


def test_each_platform_has_one_of_these_settings():
    node = _node(
        LOSANT + MANAGER + "outbox = true\noutbox_record = 160\noutbox_segment = 400\n"
        'outbox_segments = 3\noutbox_policy = "refuse"\n'
    )
    manager, losant = node.platforms
    for platform in node.platforms:
        assert platform.outbox.box.limit == 160 and platform.outbox in node.loop.clients
        platform.tell()
    assert losant.outbox.box.peek()
    assert losant.outbox.box.payload.json()["data"] == {"sensor_0": 0, "sensor_1": 1}
    assert manager.outbox.box.peek()
    assert manager.outbox.box.payload == b"sensor_0 0\nsensor_1 1"
    manager.tell()  # nothing has changed
    found = node.report()
    assert (found["waiting"], found["dropped"], found["refused"], found["corrupt"]) == (2, 0, 0, 0)
    while losant.device.publish(b'{"data":{"i":1}}'):
        pass
    assert node.report()["refused"] == 1 and node.report()["waiting"] > 4
    losant.outbox.unwanted = 3
    assert node.report()["dropped"] == 3
    _close(node)


def test_sizes_without_settings():
    node = _node(MANAGER + "outbox = true\n")
    box = node.platforms[0].outbox.box
    assert (box.limit, box._segment_size, box._segments, box._refuses) == (192, 4096, 16, False)
    for name in ("node_outbox", "node_outbox_manager"):
        assert not MICROPYTHON or "motelink." + name not in sys.modules
    _close(node)


def test_records_that_are_too_small_are_refused_at_once():
    assert "outbox_record" in str(
        raises(ConfigError, _node, LOSANT + "outbox = true\noutbox_record = 100\n", 4)
    )
    node = _node(LOSANT + "outbox = true\n", 10)  # without that setting it is as large as need be
    node.platforms[0].tell()
    assert node.report()["waiting"] == 1
    _close(node)
    assert "policy" in str(
        raises(ConfigError, _node, MANAGER + 'outbox = true\noutbox_policy = "shrug"\n')
    )


def test_a_deep_sleep_waits_for_what_waits():
    node = _node(MANAGER + "outbox = true\n")
    (manager,) = node.platforms
    sleeper = Sleeper(node, 60000, 60000)
    manager.client.state = 3
    manager.client.connected = True
    sleeper.turn(ticks_ms())
    assert sleeper.told == [manager] and manager.outbox.box.count == 1
    sleeper.turn(ticks_ms())
    assert not sleeper.leaving
    assert len(box.drained(manager.outbox.box)) == 1
    sleeper.turn(ticks_ms())
    assert sleeper.leaving
    _close(node)


def test_a_deep_sleep_does_not_wait_for_ever():
    node = _node(MANAGER + "outbox = true\n")
    node.platforms[0].tell()
    sleeper = Sleeper(node, 1000, 60000)
    sleeper.turn(ticks_add(ticks_ms(), 1100))
    assert sleeper.leaving and not node.alive()
    _close(node)


def test_what_nobody_could_be_told_waits_in_flash_while_it_sleeps():
    node = _node(MANAGER + LOSANT + "outbox = true\n")
    manager, losant = node.platforms
    sleeper = Sleeper(node, 1000, 60000)
    sleeper.turn(ticks_ms())
    assert not node.report()["waiting"]  # while there is time it may have a better time, too
    sent = manager.client.send

    def fail(_text):
        raise TooLarge("no")

    manager.client.send = fail  # once: that must not keep it awake
    late = ticks_add(ticks_ms(), 1100)
    raises(TooLarge, sleeper.turn, late)
    sleeper.turn(late)
    assert sleeper.leaving and losant.outbox.box.count == 1
    manager.client.send = sent
    _close(node)


class _Platform:
    def tell(self):
        raise AssertionError("nobody tells without the outbox")


def test_what_has_changed_is_kept_once():
    node = Node(Settings("none.toml"), "kettle")
    first, second = node.sensor("first"), node.sensor("second")
    platform = _Platform()
    timer = node.every(1000, platform.tell)
    other = node.every(1000, second.scaled)
    kept, full = [], []

    def keep(sensor):
        if not full:
            kept.append((sensor.name, sensor.value))
        return not full

    Changes(node, platform, keep)
    assert timer.handler == platform.tell and other.handler == second.scaled
    timer.handler()
    assert kept == []
    first.set(1)
    full.append(1)
    timer.handler()
    full.pop()
    for _ in range(2):
        timer.handler()
        assert kept == [("first", 1)]
    first.set(2)
    second.set(1)
    platform.tell()
    assert kept[1:] == [("first", 2), ("second", 1)]
