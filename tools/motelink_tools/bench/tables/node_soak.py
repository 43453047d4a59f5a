"""A node whose network fails and whose power goes, and what of its records arrives."""

from motelink_tools.bench import soak
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

# True times. A cut within a minute of the last would be counted as a boot that died; and records
# that come faster than Losant lets them be replayed, one in 600 ms, fill any outbox in the end.
_PLAN = soak.Plan(7200, 30, 300, 2, 10)
_QUICK = soak.Plan(24, 5, 10, 0.7, 2)


def _measure(lab: Lab) -> Table:
    plan = _QUICK if lab.quick else _PLAN
    outcome = soak.run(plan, lab.say)
    table = Table(
        note=(
            f"{outcome.seconds:.0f} s of a virtual board: a network fault every"
            f" {plan.fault_every:.0f} s, a power cut every {plan.cut_every:.0f} s, every other"
            " one in the middle of a write. Records that the outbox has confirmed; lost: those of"
            " them that the local Losant has not stored in the end, dropped and waiting ones too."
            " heap_drift: bytes that a boot holds more in the second half of its time than in the"
            " first, at most, once it has been through each kind of fault; first_faults: what"
            " those leave; heap_drift_of_boots: from the boot that holds least to that which"
            " holds most."
        )
    )
    table.add("node.soak.faults", outcome.faults)
    table.add("node.soak.power_cuts", outcome.cuts)
    table.add("node.soak.records", len(outcome.kept))
    table.add("node.soak.lost", outcome.lost, Target(0))
    table.add("node.soak.doubled", outcome.doubled)
    table.add("node.soak.corrupt", outcome.corrupt)
    table.add("node.soak.dropped", outcome.dropped, Target(0))
    table.add("node.soak.waiting", outcome.waiting)
    table.add("node.soak.handler_errors", outcome.errors, Target(0))
    table.add("node.soak.safe_modes", outcome.safe_modes, Target(0))
    for name, value in (
        ("heap_drift", outcome.drift),
        ("heap_drift_of_boots", outcome.drift_of_boots),
        ("first_faults", outcome.first_faults),
    ):
        if value is not None:  # boots of a quick run are too short
            target = None if name == "first_faults" else Target(256)
            table.add(f"node.soak.{name}.bytes", value, target)
    return table


BENCHMARK = Benchmark(
    "node.soak", "a node through faults and power cuts", _measure, 7300, 40, True
)
