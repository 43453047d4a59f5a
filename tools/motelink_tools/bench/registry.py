"""What a benchmark is, and which there are.

To add a table, add a file to ``tables/`` that defines ``BENCHMARK``; nothing else has to know.
"""

import fnmatch
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from motelink_tools.bench import tables
from motelink_tools.bench.lab import Lab
from motelink_tools.errors import ToolError


@dataclass(frozen=True)
class Target:
    """What a figure has to reach: at most ``limit``, or at least, with ``at_least``."""

    limit: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether this value reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Figure:
    """One number. ``key`` is ``<module>.<operation>.<quantity>``; the quantity names the unit."""

    key: str
    value: float
    target: Target | None = None


@dataclass
class Table:
    """``note`` says how it was measured. ``pivot`` shows an operation a line and its quantities
    side by side, with their sums and without targets."""

    figures: list[Figure] = field(default_factory=list)
    note: str = ""
    pivot: bool = False

    def add(self, key: str, value: float, target: Target | None = None) -> None:
        """Append one figure."""
        self.figures.append(Figure(key, value, target))


@dataclass(frozen=True)
class Benchmark:
    """One table. ``seconds`` is how long it takes on a small machine, ``quick_seconds`` the same
    with ``--quick``. ``measure`` raises ToolError when it cannot. ``named_only``: left out unless
    it is asked for, since it takes hours."""

    name: str
    title: str
    measure: Callable[[Lab], Table]
    seconds: int
    quick_seconds: int
    named_only: bool = False


def every() -> list[Benchmark]:
    """All benchmarks, the shortest first."""
    modules = [
        importlib.import_module(f"{tables.__name__}.{found.name}")
        for found in pkgutil.iter_modules(tables.__path__)
    ]
    found: list[Benchmark] = [module.BENCHMARK for module in modules]
    return sorted(found, key=lambda benchmark: (benchmark.seconds, benchmark.name))


def select(patterns: Iterable[str]) -> list[Benchmark]:
    """Those whose name contains one of the patterns, or matches it (``manager.*``); without
    patterns all but those that are to be named.

    Raises ToolError ``no_benchmark`` for a pattern that finds none.
    """
    chosen = every()
    wanted: set[str] = set()
    for pattern in patterns:
        hits = {
            benchmark.name
            for benchmark in chosen
            if pattern in benchmark.name or fnmatch.fnmatchcase(benchmark.name, pattern)
        }
        if not hits:
            names = ", ".join(benchmark.name for benchmark in chosen)
            raise ToolError(
                f"no benchmark matches {pattern!r}; there are: {names}", kind="no_benchmark"
            )
        wanted |= hits
    if not wanted:
        return [benchmark for benchmark in chosen if not benchmark.named_only]
    return [benchmark for benchmark in chosen if benchmark.name in wanted]
