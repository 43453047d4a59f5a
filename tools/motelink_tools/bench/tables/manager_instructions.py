"""Instructions an operation, beside those of bare sockets, counted by valgrind's callgrind."""

from motelink_tools.bench import operations
from motelink_tools.bench.lab import HEAP, Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_TARGETS = {"manager.heartbeat": Target(3)}


def _measure(lab: Lab) -> Table:
    if not lab.has_valgrind():
        return Table(
            note="Left out: counting needs valgrind ('apt install valgrind', on x86 Linux)."
        )
    table = Table(
        note=(
            f"Slope between N and 2N operations, collector on, {HEAP} heap. {operations.EXPLAINED}"
        )
    )
    floors = {}
    for operation in operations.FLOORS:
        lab.say(f"{operation.key}: counting instructions")
        floors[operation.key] = operation.instructions(lab)
    for operation in operations.CLIENT:
        lab.say(f"{operation.key}: counting instructions")
        count = operation.instructions(lab)
        table.add(f"{operation.key}.instructions", count)
        table.add(
            f"{operation.key}.ratio_to_floor",
            round(count / floors[operation.floor], 2),
            _TARGETS.get(operation.key),
        )
    for key, count in floors.items():
        table.add(f"{key}.instructions", count)
    return table


BENCHMARK = Benchmark("manager.instructions", "instructions of an operation", _measure, 40, 40)
