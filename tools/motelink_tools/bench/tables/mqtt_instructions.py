"""Instructions an MQTT operation, beside umqtt.simple and bare sockets."""

from motelink_tools.bench import mqtt_operations
from motelink_tools.bench.lab import HEAP, Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

# umqtt.simple's garbage fills the heap twice in so many.
_COUNT = 2000
_TARGETS = {"mqtt.publish_qos0": Target(8000)}


def _measure(lab: Lab) -> Table:
    if not lab.has_valgrind():
        return Table(
            note="Left out: counting needs valgrind ('apt install valgrind', on x86 Linux)."
        )
    table = Table(
        note=(
            f"Slope between {_COUNT:,} and {2 * _COUNT:,} operations, collector on, {HEAP} heap. "
            f"{mqtt_operations.EXPLAINED}"
        )
    )
    every = [*mqtt_operations.OURS, *mqtt_operations.UMQTT, *mqtt_operations.FLOORS]
    for operation in every:
        lab.say(f"{operation.key}: counting instructions")
        count = operation.instructions(lab, _COUNT)
        table.add(f"{operation.key}.instructions", count, _TARGETS.get(operation.key))
    return table


BENCHMARK = Benchmark("mqtt.instructions", "instructions of an MQTT operation", _measure, 35, 35)
