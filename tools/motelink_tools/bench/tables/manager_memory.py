"""What a manager's node takes of the heap and of the flash, and the smallest heap it works in."""

import socket
from statistics import median

from motelink_tools.bench import peer, small_heap
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target

_RUNS = 5
_QUICK_RUNS = 3
_HEARTBEATS = 20
_MESSAGES = 5
_DEADLINE_S = 30.0
# Constructors load it and drop it again, so it is not among the modules afterwards.
_DROPPED = "motelink.manager_info"
TARGET = Target(12 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of a node, run {number + 1}")
        runs.append(held(lab))
    sizes = lab.modules()
    loaded = {_DROPPED, *(name for name in runs[0] if name in sizes)}
    table = Table(
        note=(
            f"Median of {len(runs)} processes, since the collector is conservative. Heap in use "
            "after a collection; connected: import and client, beyond the bytes of the two "
            "buffers; romfs_: with lib/ in a ROMFS, where code and texts stay in flash. "
            "min_heap_kib: the smallest -X heapsize in which a "
            f"program connects, answers {_HEARTBEATS} heartbeats and exchanges messages, "
            f"{small_heap.SURE} times in a row."
        )
    )
    imported = median(run["imported"] for run in runs)
    connected = median(run["connected"] for run in runs)
    lab.say("memory of a node that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add("manager.import.heap_bytes", imported)
    table.add("manager.connected.heap_bytes", connected, TARGET)
    table.add("manager.connected.romfs_heap_bytes", in_place["connected"], TARGET)
    table.add("manager.import.mpy_bytes", sum(sizes[name] for name in loaded))
    table.add("manager.min_heap_kib", _smallest_heap(lab), Target(24))
    return table


def held(lab: Lab, place: Place = Place.FILES) -> dict[str, int]:
    """What ``on_device/manager_memory.py`` says."""
    with peer.serving(_connect) as port:
        return lab.run_from(place, "manager_memory", port)


def _smallest_heap(lab: Lab) -> int:
    def attempt(heap: str) -> None:
        with peer.serving(_talk) as port:
            lab.run("small_node", port, heap=heap, deadline_s=_DEADLINE_S)

    return small_heap.find(lab, attempt, too_small=8, enough=128)


def _connect(connection: socket.socket) -> None:
    peer.exchange(connection, *peer.GETINFO)
    connection.sendall(b"enough")
    connection.recv(1)


def _talk(connection: socket.socket) -> None:
    peer.exchange(connection, *peer.GETINFO)
    peer.exchange(connection, *peer.HEARTBEAT, _HEARTBEATS)
    peer.exchange(connection, b"hello", b"thanks", _MESSAGES)
    peer.exchange(connection, b"!", b"thanks")


BENCHMARK = Benchmark("manager.memory", "memory of a connected node", _measure, 6, 5)
