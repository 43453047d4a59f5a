"""Bytes allocated an operation, and whether it passes while the heap is locked."""

from motelink_tools.bench import operations
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_COUNT = 10_000
_LOCKED_COUNT = 1000
_NOTHING = Target(0)
_PASSES = Target(1, at_least=True)


def _measure(lab: Lab) -> Table:
    table = Table(
        note=(
            f"Over {_COUNT:,} operations with the collector off. heap_total_bytes also counts "
            "what MicroPython frees at once: call frames of more than 11 words. heap_locked: "
            f"1 if {_LOCKED_COUNT:,} operations pass under micropython.heap_lock()."
        )
    )
    for operation in operations.CLIENT:
        lab.say(f"{operation.key}: counting allocations")
        bytes_ = operation.heap(lab, _COUNT)
        table.add(f"{operation.key}.heap_bytes", bytes_["allocated"] / _COUNT, _NOTHING)
        table.add(f"{operation.key}.heap_total_bytes", round(bytes_["total"] / _COUNT))
        passes = operation.passes_locked(lab, _LOCKED_COUNT)
        table.add(f"{operation.key}.heap_locked", int(passes), _PASSES)
    for operation in operations.FLOORS:
        lab.say(f"{operation.key}: counting allocations")
        table.add(f"{operation.key}.heap_bytes", operation.heap(lab, _COUNT)["allocated"] / _COUNT)
    return table


BENCHMARK = Benchmark("manager.heap", "heap of an operation", _measure, 8, 8)
