"""A thousand nodes after an outage of their hub."""

from motelink_tools.bench import fleet
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_NODES, _OUTAGE_S = 1000, 60
_QUICK_NODES, _QUICK_OUTAGE_S = 100, 5
_REFUSED = Target(0)
_SPREAD = Target(10, at_least=True)


def _measure(lab: Lab) -> Table:
    nodes, outage = (_QUICK_NODES, _QUICK_OUTAGE_S) if lab.quick else (_NODES, _OUTAGE_S)
    targets = {"node.fleet.refused": _REFUSED}
    if not lab.quick:  # the longer the outage, the further apart
        targets["node.fleet.spread_s"] = _SPREAD
    table = Table(
        note=f"{nodes} clients of iot-manager in a process of their own; their hub is closed for "
        f"{outage} s. p50_s, last_s: from its return to the median and the last node. "
        "refused: attempts that failed since."
    )
    for key, value in fleet.run(nodes, outage, lab.say).items():
        table.add(key, value, targets.get(key))
    return table


BENCHMARK = Benchmark("node.fleet", "a fleet behind an outage", _measure, 140, 20)
