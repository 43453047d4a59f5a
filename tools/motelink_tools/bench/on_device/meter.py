# mypy: ignore-errors
"""Measures one function of ``count``: see `run`."""

import gc
from time import ticks_diff, ticks_us

from micropython import heap_lock, heap_unlock, mem_total

WARM_UP = 20


def run(operation, mode, count):
    """Warm it up, measure it, print the result.

    Modes: "speed" takes the time; "heap" switches the collector off and counts what is allocated;
    "locked" forbids to allocate.
    """
    operation(WARM_UP)
    if mode == "heap":
        gc.collect()
        gc.disable()
    elif mode == "locked":
        heap_lock()
    allocated = gc.mem_alloc()
    total = mem_total()
    took = ticks_us()
    operation(count)
    took = ticks_diff(ticks_us(), took)
    total = mem_total() - total
    allocated = gc.mem_alloc() - allocated
    if mode == "locked":
        heap_unlock()
    print("allocated", allocated)
    print("total", total)
    print("us", took)
