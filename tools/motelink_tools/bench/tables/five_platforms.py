"""One node on five platforms at once, against the real hub."""

from motelink_tools.bench import five_platforms, small_heap
from motelink_tools.bench.lab import Lab
from motelink_tools.bench.registry import Benchmark, Table, Target

_INTERVAL_MS = 100
_DEFAULT_MS = 1000
_EXCHANGES, _QUICK_EXCHANGES = 600, 150
_HEAP = "128k"
# To see whether a heap is enough: the first thing, connecting, takes the most.
_FEW = 20
_DEADLINE_S = 15.0


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    count = _QUICK_EXCHANGES if lab.quick else _EXCHANGES
    seconds = count * _INTERVAL_MS / 1000
    with five_platforms.serving(_INTERVAL_MS, lab.say) as hub:

        def run(heap: str, exchanges: int, deadline_s: float) -> dict[str, int]:
            hub.forget()
            arguments = (hub.settings, exchanges, _INTERVAL_MS)
            return lab.run("five_platforms", *arguments, heap=heap, deadline_s=deadline_s)

        smallest = small_heap.find(
            lab, lambda heap: run(heap, _FEW, _DEADLINE_S), too_small=32, enough=256
        )
        lab.say("five platforms, heap over time")
        heap = _HEAP if smallest <= 128 else f"{smallest}k"
        found = run(heap, count, seconds * 3 + 30)
        late = hub.late_ms()
    table = Table(
        note=(
            f"{count} exchanges, one every {_INTERVAL_MS} ms ({seconds:g} s), heap {heap}: "
            "a sensor changes, each platform is told and sends a command or data of its own "
            f"(Losant, which allows no more, every {five_platforms.LOSANT_MS} ms). The real hub "
            "on the same machine. heap_drift_bytes: the least heap in use after a collection in "
            "the last tenth, less that in the first. min_heap_kib: the smallest heap in which "
            f"{_FEW} exchanges work, {small_heap.SURE} times in a row. late_ms: by how much the "
            "worst gap between two messages that the hub saw exceeds the interval; at most the "
            "second that a node has by default. exchanges: the fewest commands that a platform "
            "sent, Losant apart."
        )
    )
    table.add("node.five_platforms.min_heap_kib", smallest, Target(128))
    drift = found["last"] - found["first"]
    table.add("node.five_platforms.heap_drift_bytes", drift, Target(256))
    table.add("node.five_platforms.heap_bytes", found["last"])
    table.add("node.five_platforms.late_ms", round(max(late.values())), Target(_DEFAULT_MS))
    others = [found[name] for name in five_platforms.PLATFORMS if name != "losant"]
    table.add("node.five_platforms.exchanges", min(others))
    return table


BENCHMARK = Benchmark("node.five_platforms", "a node on five platforms", _measure, 150, 90)
