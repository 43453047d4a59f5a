"""Bytes that an MQTT operation allocates, beside umqtt.simple, and whether it passes while the
heap is locked."""

from motelink_tools.bench import mqtt_operations, peer
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_COUNT = 2000
_LOCKED_COUNT = 500
_IDLE_S, _QUICK_IDLE_S = 5, 2
_NOTHING = Target(0)
_PASSES = Target(1, at_least=True)


def _measure(lab: Lab) -> Table:
    seconds = _QUICK_IDLE_S if lab.quick else _IDLE_S
    table = Table(
        note=(
            f"Over {_COUNT:,} operations with the collector off. heap_total_bytes also counts "
            "what MicroPython frees at once: call frames of more than 11 words. heap_locked: "
            f"1 if {_LOCKED_COUNT:,} operations pass under micropython.heap_lock(). idle: "
            f"{seconds} s with nothing to do but pings. {mqtt_operations.EXPLAINED}"
        )
    )
    for operation in mqtt_operations.OURS:
        lab.say(f"{operation.key}: counting allocations")
        bytes_ = operation.heap(lab, _COUNT)
        table.add(f"{operation.key}.heap_bytes", bytes_["allocated"] / _COUNT, _NOTHING)
        table.add(f"{operation.key}.heap_total_bytes", round(bytes_["total"] / _COUNT))
        passes = operation.passes_locked(lab, _LOCKED_COUNT)
        table.add(f"{operation.key}.heap_locked", int(passes), _PASSES)
    lab.say("mqtt.idle: counting allocations")
    with peer.serving(mqtt_operations.answer_pings) as port:
        idle = lab.run("mqtt_idle", port, seconds)
    table.add("mqtt.idle.heap_bytes_per_s", idle["allocated"] / seconds, _NOTHING)
    for operation in mqtt_operations.UMQTT:
        lab.say(f"{operation.key}: counting allocations")
        table.add(f"{operation.key}.heap_bytes", operation.heap(lab, _COUNT)["allocated"] / _COUNT)
    return table


BENCHMARK = Benchmark("mqtt.heap", "heap of an MQTT operation", _measure, 8, 5)
