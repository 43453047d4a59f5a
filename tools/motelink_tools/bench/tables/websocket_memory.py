"""What a WebSocket client takes of the heap and of the flash."""

from statistics import median

from motelink_tools.bench import peer, websocket_operations
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_RUNS, _QUICK_RUNS = 5, 3
# Loaded for the occasion and dropped again, so they are not among the modules afterwards.
_DROPPED = {f"motelink.{name}" for name in ("link_connect", "websocket_handshake")}


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"memory of a WebSocket client, run {number + 1}")
        with peer.serving(websocket_operations.wait) as port:
            runs.append(lab.run("websocket_memory", port))
    sizes = lab.modules()
    loaded = _DROPPED | {name for name in runs[0] if name in sizes}
    table = Table(
        note=(
            f"Median of {len(runs)} processes. Heap in use after a collection, from .mpy, beyond "
            "the bytes of the buffers. connected: beyond base, the modules that all clients share "
            "(port, errors, link and theirs). import: the WebSocket modules alone. "
            "websocket.mpy_bytes: of all modules loaded."
        )
    )
    connected = median(run["connected"] for run in runs)
    base = median(run["base"] for run in runs)
    table.add("websocket.connected.heap_bytes", connected - base, Target(6 * 1024))
    table.add("websocket.base.heap_bytes", base)
    table.add("websocket.import.heap_bytes", median(run["imported"] for run in runs))
    table.add("websocket.mpy_bytes", sum(sizes[name] for name in loaded))
    return table


BENCHMARK = Benchmark("websocket.memory", "memory of a WebSocket client", _measure, 4, 3)
