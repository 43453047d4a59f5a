"""What a WebSocket client takes of the heap and of the flash."""

from statistics import median

from motelink_tools.bench import peer, websocket_operations
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target

_RUNS, _QUICK_RUNS = 5, 3
# Loaded for the occasion and dropped again, so they are not among the modules afterwards.
_DROPPED = {f"motelink.{name}" for name in ("link_connect", "websocket_handshake")}
TARGET = Target(6 * 1024)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of a WebSocket client, run {number + 1}")
        runs.append(held(lab))
    sizes = lab.modules()
    loaded = _DROPPED | {name for name in runs[0] if name in sizes}
    table = Table(
        note=(
            f"Median of {len(runs)} processes. Heap in use after a collection, from .mpy, beyond "
            "the bytes of the buffers. connected: beyond base, the modules that all clients share "
            "(port, errors, link and theirs). romfs_: with lib/ in a ROMFS, where code and texts "
            "stay in flash. import: the WebSocket modules alone. websocket.mpy_bytes: of all "
            "modules loaded."
        )
    )
    connected = median(run["connected"] for run in runs)
    base = median(run["base"] for run in runs)
    table.add("websocket.connected.heap_bytes", connected - base, TARGET)
    lab.say("memory of a WebSocket client that runs from a ROMFS")
    in_place = held(lab, Place.ROMFS)
    table.add(
        "websocket.connected.romfs_heap_bytes", in_place["connected"] - in_place["base"], TARGET
    )
    table.add("websocket.base.heap_bytes", base)
    table.add("websocket.import.heap_bytes", median(run["imported"] for run in runs))
    table.add("websocket.mpy_bytes", sum(sizes[name] for name in loaded))
    return table


def held(lab: Lab, place: Place = Place.FILES) -> dict[str, int]:
    """What ``on_device/websocket_memory.py`` says."""
    with peer.serving(websocket_operations.wait) as port:
        return lab.run_from(place, "websocket_memory", port)


BENCHMARK = Benchmark("websocket.memory", "memory of a WebSocket client", _measure, 4, 3)
