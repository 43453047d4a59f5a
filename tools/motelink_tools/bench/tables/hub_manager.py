"""The Manager of the host with thousands of devices at once."""

from motelink_tools.bench import manager_load
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_CLIENTS, _SECONDS, _HEARTBEAT_S = 2000, 60, 5
_QUICK_CLIENTS, _QUICK_SECONDS, _QUICK_HEARTBEAT_S = 200, 5, 1
_ALL = Target(_CLIENTS, at_least=True)
_TARGETS = {
    "hub.manager.lost": Target(0),
    "hub.manager.false_disconnects": Target(0),
}


def _measure(lab: Lab) -> Table:
    if lab.quick:
        load = (_QUICK_CLIENTS, _QUICK_SECONDS, _QUICK_HEARTBEAT_S)
    else:
        load = (_CLIENTS, _SECONDS, _HEARTBEAT_S)
    table = Table(
        note=(
            "{} devices in their own process, for {} s, a heartbeat every {} s.".format(*load)
            + " p50_ms, p99_ms: its round trip. client_bytes: the Manager's memory, a device."
        )
    )
    targets = _TARGETS if lab.quick else {"hub.manager.clients": _ALL, **_TARGETS}
    for key, value in manager_load.run(*load, progress=lab.say).items():
        table.add(key, value, targets.get(key))
    return table


BENCHMARK = Benchmark("hub.manager", "the Manager under load", _measure, 75, 10)
