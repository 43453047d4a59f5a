"""What each client takes of the heap where the library is part of the firmware."""

from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table
from motelink_tools.bench.tables import (
    commute_memory,
    five_platforms,
    iottalk_memory,
    losant_memory,
    manager_memory,
    mqtt_memory,
    sepl_memory,
    websocket_memory,
)

_CLIENTS = {
    "manager": manager_memory,
    "mqtt": mqtt_memory,
    "losant": losant_memory,
    "iottalk": iottalk_memory,
    "websocket": websocket_memory,
    "sepl": sepl_memory,
    "commute": commute_memory,
}
_BESIDE_BASE = "websocket"  # of it, what it takes beside the modules that all clients share


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    table = Table(
        note=(
            "MicroPython 1.25's unix port, built for 32 bits from Debian's source with "
            "manifest.py. Heap in use after a collection, beyond the bytes of the buffers, as in "
            "the table of each client; min_heap_kib as in that of five platforms."
        )
    )
    for name, client in _CLIENTS.items():
        lab.say(f"memory of {name}, frozen")
        run = client.held(lab, Place.FROZEN)
        beside = run["base"] if name == _BESIDE_BASE else 0
        table.add(f"{name}.connected.frozen_heap_bytes", run["connected"] - beside, client.TARGET)
    smallest = five_platforms.smallest_heap(lab, Place.FROZEN)
    table.add("node.five_platforms.frozen_min_heap_kib", smallest)
    smallest = five_platforms.smallest_heap(lab, Place.FROZEN, outboxes=True)
    table.add("node.five_platforms.with_outboxes.frozen_min_heap_kib", smallest)
    return table


BENCHMARK = Benchmark("frozen.memory", "memory of what is frozen in", _measure, 180, 180)
