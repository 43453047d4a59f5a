"""One node on five platforms at once, against the real hub."""

from motelink_tools.bench import five_platforms, small_heap
from motelink_tools.bench.lab import Lab, Place
from motelink_tools.bench.registry import Benchmark, Table, Target

_INTERVAL_MS, _QUICK_INTERVAL_MS = 1000, 100
_EXCHANGES, _QUICK_EXCHANGES = 600, 150
_HEAP = "128k"
# To see whether a heap is enough: the first thing, connecting, takes the most.
_FEW = 20
_DEADLINE_S = 15.0


def _measure(lab: Lab) -> Table:
    lab.require_32_bits()
    count = _QUICK_EXCHANGES if lab.quick else _EXCHANGES
    interval_ms = _QUICK_INTERVAL_MS if lab.quick else _INTERVAL_MS
    smallest = smallest_heap(lab)
    seconds = count * interval_ms / 1000
    heap = _HEAP if smallest <= 128 else f"{smallest}k"
    with five_platforms.serving(interval_ms, lab.say) as hub:
        lab.say(f"five platforms, heap over {seconds:g} s")
        found = _run(lab, hub, heap, count, seconds * 2 + 60)
        late = hub.late_ms()
    table = Table(
        note=(
            f"{count} exchanges, one every {interval_ms} ms ({seconds:g} s), heap {heap}: "
            "a sensor changes, each platform is told and sends a command or data of its own "
            f"(Losant, which allows no more, every {five_platforms.LOSANT_MS} ms at most). The "
            "real hub on the same machine. heap_drift_bytes: the least heap in use after a "
            "collection in the last tenth, less that in the first. min_heap_kib: the smallest "
            f"heap in which {_FEW} exchanges, one every {_QUICK_INTERVAL_MS} ms, work, "
            f"{small_heap.SURE} times in a row; with_outboxes: where each platform has one. "
            "late_ms: by how much the worst gap between two messages that the hub saw exceeds the "
            "interval. exchanges: the fewest commands that a platform sent, Losant apart."
        )
    )
    table.add("node.five_platforms.min_heap_kib", smallest, Target(128))
    with_outboxes = smallest_heap(lab, outboxes=True)
    table.add("node.five_platforms.with_outboxes.min_heap_kib", with_outboxes)
    drift = found["last"] - found["first"]
    table.add("node.five_platforms.heap_drift_bytes", drift, Target(256))
    table.add("node.five_platforms.heap_bytes", found["last"])
    table.add("node.five_platforms.late_ms", round(max(late.values())), Target(_INTERVAL_MS))
    others = [found[name] for name in five_platforms.PLATFORMS if name != "losant"]
    table.add("node.five_platforms.exchanges", min(others))
    return table


def smallest_heap(lab: Lab, place: Place = Place.FILES, *, outboxes: bool = False) -> int:
    """In which a few exchanges work, in KiB."""
    with five_platforms.serving(_QUICK_INTERVAL_MS, lab.say) as hub:
        if outboxes:
            hub.settings.write_text("outbox = true\n" + hub.settings.read_text())
        return small_heap.find(
            lab,
            lambda heap: _run(lab, hub, heap, _FEW, _DEADLINE_S, place),
            too_small=32,
            enough=256,
        )


def _run(
    lab: Lab,
    hub: five_platforms.Hub,
    heap: str,
    exchanges: int,
    deadline_s: float,
    place: Place = Place.FILES,
) -> dict[str, int]:
    hub.forget()
    arguments = (hub.settings, exchanges, hub.interval_ms)
    return lab.run_from(place, "five_platforms", *arguments, heap=heap, deadline_s=deadline_s)


BENCHMARK = Benchmark("node.five_platforms", "a node on five platforms", _measure, 780, 150)
