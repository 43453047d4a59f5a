"""Bytes that a WebSocket operation allocates, and whether it passes while the heap is locked."""

from motelink_tools.bench import websocket_operations
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_COUNT = 2000
_LOCKED_COUNT = 500
_NOTHING = Target(0)
_PASSES = Target(1, at_least=True)


def _measure(lab: Lab) -> Table:
    table = Table(
        note=(
            f"Over {_COUNT:,} operations with the collector off. heap_total_bytes also counts "
            "what MicroPython frees at once: call frames of more than 11 words. heap_locked: "
            f"1 if {_LOCKED_COUNT:,} operations pass under micropython.heap_lock(). "
            f"{websocket_operations.EXPLAINED}"
        )
    )
    for operation in websocket_operations.OPERATIONS:
        lab.say(f"{operation.key}: counting allocations")
        bytes_ = operation.heap(lab, _COUNT)
        table.add(f"{operation.key}.heap_bytes", bytes_["allocated"] / _COUNT, _NOTHING)
        table.add(f"{operation.key}.heap_total_bytes", round(bytes_["total"] / _COUNT))
        passes = operation.passes_locked(lab, _LOCKED_COUNT)
        table.add(f"{operation.key}.heap_locked", int(passes), _PASSES)
    return table


BENCHMARK = Benchmark("websocket.heap", "heap of a WebSocket operation", _measure, 4, 3)
