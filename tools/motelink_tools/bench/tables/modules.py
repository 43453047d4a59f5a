"""What each module of a manager's node takes of the flash and of the heap."""

from statistics import mean

from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table

_RUNS = 5
_QUICK_RUNS = 2
# Each after those that it imports, so that its figure is its own.
_ORDER = (
    "motelink.port",
    "motelink.errors",
    "motelink.buffer",
    "motelink.stream",
    "motelink.loop",
    "motelink.link",
    "motelink.manager",
    "motelink.manager_raw",
)


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    runs = []
    for number in range(_QUICK_RUNS if lab.quick else _RUNS):
        lab.say(f"modules, run {number + 1}")
        runs.append(lab.run("memory", "modules", *_ORDER))
    sizes = lab.modules()
    sizes["motelink.port"] += sizes["motelink"] + sizes["motelink._port_micropython"]
    table = Table(
        pivot=True,
        note=(
            f"Heap taken by each import, in this order; mean of {len(runs)} processes, since the "
            "collector is conservative. port: with the part of this runtime, and the package."
        ),
    )
    for name in _ORDER:
        key = f"module.{name.rpartition('.')[2]}"
        table.add(f"{key}.mpy_bytes", sizes[name])
        table.add(f"{key}.heap_bytes", round(mean(run[name] for run in runs)))
    return table


BENCHMARK = Benchmark("modules", "each module of a manager's node", _measure, 1, 1)
