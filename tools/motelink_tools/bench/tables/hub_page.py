"""The hub's page with many devices and some viewers."""

from motelink_tools.bench import page_load
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_LOAD = (500, 2000, 5, 20)
_QUICK_LOAD = (20, 200, 2, 2)
_TARGETS = {"hub.page.lost": Target(0), "hub.page.p99_ms": Target(500)}


def _measure(lab: Lab) -> Table:
    load = _QUICK_LOAD if lab.quick else _LOAD
    table = Table(
        note=(
            "{} IoT Commute devices send {} values a second in all; {} open pages, {} s.".format(
                *load
            )
            + " p50_ms, p99_ms: from the device to the page. lost: not counted, or not stored."
        )
    )
    for key, value in page_load.run(*load, lab.say).items():
        table.add(key, value, _TARGETS.get(key))
    return table


BENCHMARK = Benchmark("hub.page", "the page under load", _measure, 70, 8)
