"""What a manager's node takes of the heap and of the flash, and the smallest heap it works in."""

import socket
from statistics import median

from motelink_tools.bench import peer
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target
from motelink_tools.errors import ToolError

_RUNS = 5
_QUICK_RUNS = 3
_HEARTBEATS = 20
_MESSAGES = 5
_HEAPS_KIB = (8, 128)  # none works in the first, all in the second
_SURE = 3  # times in a row that the smallest heap has to work
_DEADLINE_S = 30.0
# Constructors load it and drop it again, so it is not among the modules afterwards.
_DROPPED = "motelink.manager_info"


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of a node, run {number + 1}")
        with peer.serving(_connect) as port:
            runs.append(lab.run("memory", "node", port))
    sizes = lab.modules()
    loaded = {_DROPPED, *(name for name in runs[0] if name in sizes)}
    table = Table(
        note=(
            f"Median of {len(runs)} processes, since the collector is conservative. Heap in use "
            "after a collection; connected: import and client, beyond the bytes of the two "
            "buffers; romfs_: with lib/ in a ROMFS, where code and texts stay in flash, as frozen "
            "ones do (firmware built for it). min_heap_kib: the smallest -X heapsize in which a "
            f"program connects, answers {_HEARTBEATS} heartbeats and exchanges messages, {_SURE} "
            "times in a row."
        )
    )
    imported = median(run["imported"] for run in runs)
    connected = median(run["connected"] for run in runs)
    table.add("manager.import.heap_bytes", imported)
    table.add("manager.connected.heap_bytes", connected, Target(12 * 1024))
    table.add("manager.connected.romfs_heap_bytes", _in_place(lab), Target(12 * 1024))
    table.add("manager.import.mpy_bytes", sum(sizes[name] for name in loaded))
    table.add("manager.min_heap_kib", _smallest_heap(lab), Target(24))
    return table


def _in_place(lab: Lab) -> int:
    lab.say("memory of a node that runs from ROMFS")
    image = lab.romfs().name
    with peer.serving(_connect) as port:
        return lab.run("memory", "romfs", image, port)["connected"]


def _smallest_heap(lab: Lab) -> int:
    too_small, enough = _HEAPS_KIB
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        if _works(lab, middle):
            enough = middle
        else:
            too_small = middle
    while not all(_works(lab, enough) for _ in range(_SURE)):
        enough += 1
    return enough


def _works(lab: Lab, kib: int) -> bool:
    lab.say(f"smallest heap: trying {kib} KiB")
    try:
        with peer.serving(_talk) as port:
            lab.run("small_node", port, heap=f"{kib}k", deadline_s=_DEADLINE_S)
    except ToolError as error:
        if error.kind != "program_failed":
            raise
        return False
    return True


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
