"""One node on one platform, on the virtual board."""

import tempfile
from pathlib import Path

from motelink_tools.bench import small_heap
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.one_platform import Node
from motelink_tools.bench.registry import Benchmark, Table, Target


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    with tempfile.TemporaryDirectory(prefix="motelink-one-") as folder:
        node = Node(Path(folder), lab.say)
        lab.say("a node on one platform, connected")
        held, later = node.run("128k")
        without, _ = node.run("128k", outbox=False)
        smallest = small_heap.find(lab, node.run, too_small=40, enough=72)
    table = Table(
        note=(
            "A virtual board, flashed as by 'motelink flash', iot-manager on the same machine; "
            "Wi-Fi, watchdog, clock, and an outbox of records of 256 bytes, which all it tells "
            "goes through. heap_bytes: in use after a collection, its buffers included; "
            "without_outbox: the same without one; reconnected: with it, after the connection was "
            "cut. min_heap_kib: the smallest heap in which it does this, without a restart or an "
            f"error, {small_heap.SURE} times in a row."
        )
    )
    table.add("node.one_platform.heap_bytes", held, Target(40 * 1024))
    table.add("node.one_platform.without_outbox.heap_bytes", without)
    table.add("node.one_platform.reconnected.heap_bytes", later)
    table.add("node.one_platform.min_heap_kib", smallest, Target(64))
    return table


BENCHMARK = Benchmark("node.one_platform", "a node on one platform", _measure, 60, 60)
