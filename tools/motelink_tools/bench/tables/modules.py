"""What each module of a manager's node takes of the flash and of the heap."""

from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table
from motelink_tools.size import measure

_RUNS = 5
_QUICK_RUNS = 2
_MODULES = ("port", "errors", "buffer", "stream", "loop", "link", "manager", "manager_raw")
# What `port` comes with: the package, and the part of this runtime.
_WITH_PORT = ("motelink", "motelink._port_micropython")


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    lab.say("every module, loaded behind those that it needs")
    sizes = measure(runs=_QUICK_RUNS if lab.quick else _RUNS)
    parts = {part.module: part for part in sizes.parts}
    table = Table(
        pivot=True,
        note=(
            "As 'motelink size', which shows every module, measures: its own heap, loaded behind "
            "those that it needs. port: with the part of this runtime, and the package."
        ),
    )
    for name in _MODULES:
        names = (f"motelink.{name}", *(_WITH_PORT if name == "port" else ()))
        table.add(f"module.{name}.mpy_bytes", sum(parts[part].flash for part in names))
        table.add(f"module.{name}.heap_bytes", sum(parts[part].heap or 0 for part in names))
    return table


BENCHMARK = Benchmark("modules", "each module of a manager's node", _measure, 3, 2)
