"""Instructions a WebSocket operation."""

from motelink_tools.bench import websocket_operations
from motelink_tools.bench.lab import HEAP, Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_COUNT = 1000
_TARGETS = {
    "websocket.send_text": Target(30_000),
    "websocket.send_text_native": Target(12_000),
    "websocket.receive_text": Target(20_000),
}


def _measure(lab: Lab) -> Table:
    if not lab.has_valgrind():
        return Table(
            note="Left out: counting needs valgrind ('apt install valgrind', on x86 Linux)."
        )
    table = Table(
        note=(
            f"Slope between {_COUNT:,} and {2 * _COUNT:,} operations, collector on, {HEAP} heap, "
            f"portable bytecode. {websocket_operations.EXPLAINED}"
        )
    )
    for operation in websocket_operations.OPERATIONS:
        lab.say(f"{operation.key}: counting instructions")
        count = operation.instructions(lab, _COUNT)
        table.add(f"{operation.key}.instructions", count, _TARGETS.get(operation.key))
    return table


BENCHMARK = Benchmark(
    "websocket.instructions", "instructions of a WebSocket operation", _measure, 12, 12
)
