"""A node on a virtual board, and how soon it is back."""

from statistics import median

from motelink_tools.bench import reconnects
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_OUTAGES, _LONGEST_S = 10, 10
_QUICK_OUTAGES, _QUICK_LONGEST_S = 3, 3
_MEDIAN = Target(2000)


def _measure(lab: Lab) -> Table:
    load = (_QUICK_OUTAGES, _QUICK_LONGEST_S) if lab.quick else (_OUTAGES, _LONGEST_S)
    table = Table(
        note="{} outages of 1 to {} s each: of Wi-Fi and the connection, and of the".format(*load)
        + " server alone, which the backoff spreads. From the end of an outage until the server"
        " knows the node."
    )
    for what, times in reconnects.run(*load, lab.say).items():
        table.add(f"node.reconnect.{what}.p50_ms", round(median(times) * 1000), _MEDIAN)
        table.add(f"node.reconnect.{what}.max_ms", round(max(times) * 1000))
    return table


BENCHMARK = Benchmark("node.reconnect", "a node back from an outage", _measure, 360, 85)
