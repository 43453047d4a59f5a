"""What an IoT Commute device takes of the heap and of the flash."""

import socket
from statistics import median

from motelink_tools.bench import peer, websocket_peer
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target

_RUNS, _QUICK_RUNS = 5, 3
# Loaded for the occasion and dropped again, so they are not among the modules afterwards.
_DROPPED = ("link_connect", "websocket_handshake", "commute_url")
TARGET = Target(9 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs, pairs = [], []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of an IoT Commute device, run {number + 1}")
        runs.append(held(lab))
        pairs.append(held(lab, face="pair"))
    sizes = lab.modules()
    loaded = {*runs[0], *(f"motelink.{part}" for part in _DROPPED)}
    table = Table(
        note=(
            f"Median of {len(runs)} processes. Heap in use after a collection, from .mpy, beyond "
            "the bytes of the two buffers and the modules that all clients share (base). "
            "websocket: that alone, imported; connected: the documented WebSocket; exchanged: a "
            "state sent and a tick decoded; pair: the face for programs on a loop, commute_pair, "
            "connected. romfs_: connected, with lib/ in a ROMFS, where code and texts stay in "
            "flash."
        )
    )
    table.add("commute.base.heap_bytes", median(run["base"] for run in runs))
    table.add("commute.websocket.heap_bytes", median(run["websocket"] for run in runs))
    connected = median(run["connected"] for run in runs)
    table.add("commute.connected.heap_bytes", connected, TARGET)
    lab.say("memory of an IoT Commute device that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add("commute.connected.romfs_heap_bytes", in_place["connected"], TARGET)
    table.add("commute.exchanged.heap_bytes", median(run["exchanged"] for run in runs))
    table.add("commute.pair.heap_bytes", median(run["connected"] for run in pairs))
    table.add("commute.mpy_bytes", sum(sizes[name] for name in loaded if name in sizes))
    return table


def held(lab: Lab, place: Place = Place.FILES, face: str = "documented") -> dict[str, int]:
    """What ``on_device/commute_memory.py`` says."""
    with peer.serving(_server) as port:
        return lab.run_from(place, "commute_memory", port, face)


def _server(connection: socket.socket) -> None:
    """Take a state, and relay a tick."""
    websocket_peer.welcome(connection)
    websocket_peer.hear(connection)
    websocket_peer.say(connection, {"sensor": "LED", "value": 3})
    connection.recv(1)


BENCHMARK = Benchmark("commute.memory", "memory of an IoT Commute device", _measure, 5, 4)
