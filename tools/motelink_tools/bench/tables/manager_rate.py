"""Operations a second over loopback, in lockstep with the server, beside those of bare sockets."""

from motelink_tools.bench import operations
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table

_COUNT = 10_000
_QUICK_COUNT = 2_000
_ROUNDS = 3


def _measure(lab: Lab) -> Table:
    count, rounds = (_QUICK_COUNT, 1) if lab.quick else (_COUNT, _ROUNDS)
    table = Table(
        note=(
            f"Best of {rounds} x {count:,}, server and loopback included: mostly the time of two "
            "processes waking each other. ops_ratio_to_floor: of the floor's rate in this run."
        )
    )
    # In turn, so that whatever else the machine does strikes all of them alike.
    best = dict.fromkeys([*operations.CLIENT, *operations.FLOORS], 0.0)
    for number in range(rounds):
        lab.say(f"operations a second: round {number + 1} of {rounds}")
        for operation in best:
            best[operation] = max(best[operation], operation.rate(lab, count))
    rates = {operation.key: rate for operation, rate in best.items()}
    for operation, rate in best.items():
        table.add(f"{operation.key}.ops_per_s", round(rate))
        if operation in operations.CLIENT:
            table.add(
                f"{operation.key}.ops_ratio_to_floor", round(rate / rates[operation.floor], 2)
            )
    return table


BENCHMARK = Benchmark("manager.rate", "operations a second", _measure, 14, 3)
