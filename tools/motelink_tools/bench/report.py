"""Shows benchmarks: a line about what is running, a table each, the targets not met, the file."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table as RichTable
from rich.text import Text

from motelink_tools.bench.registry import Benchmark, Figure, Table, Target

STDOUT = Path("-")


class Report:
    """Writes to one console. Colours and the live line only where that is a terminal.

    ``expected_s``: of all benchmarks, for the bar in the live line.
    """

    def __init__(self, console: Console, *, expected_s: int = 0) -> None:
        self._console = console
        self._expected_s = expected_s
        self._done_s = 0
        self._say: Callable[[str], None] = _nothing
        self.figures: list[Figure] = []

    def say(self, line: str) -> None:
        """What is being done at this moment; only a live line shows it."""
        self._say(line)

    @contextmanager
    def running(self, benchmark: Benchmark, *, seconds: int) -> Iterator[None]:
        """The benchmark runs inside; ``seconds`` is how long that is expected to take."""
        begin = f"{benchmark.name}: {benchmark.title} (about {seconds} s)"
        if not self._console.is_terminal:
            self._line(f"measuring {begin}")
            yield
            return
        columns = (BarColumn(), TextColumn("{task.description}", markup=False))
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(benchmark.name, total=self._expected_s, completed=self._done_s)
            self._say = lambda line: bar.update(task, description=f"{benchmark.name}: {line}")
            try:
                yield
            finally:
                self._say = _nothing
                self._done_s += seconds

    def show(self, benchmark: Benchmark, table: Table) -> None:
        """One table, with its note beneath."""
        self.figures += table.figures
        self._console.print()
        self._console.print(
            f"{benchmark.name}: {benchmark.title}", style="bold", markup=False, highlight=False
        )
        if table.figures:
            self._console.print(_pivot(table) if table.pivot else _list(table))
        self._console.print(table.note, style="dim", markup=False, highlight=False)

    def failed(self, benchmark: Benchmark, error: Exception) -> None:
        """A benchmark could not be measured."""
        self._line(f"\n{benchmark.name}: not measured: {error}", style="red")

    def close(self, json_file: Path | None) -> None:
        """The targets not met, by name, and where the figures are; writes them there."""
        aimed = [figure for figure in self.figures if figure.target]
        missed = [figure for figure in aimed if not _met(figure)]
        self._line(f"\n{len(aimed) - len(missed)} of {len(aimed)} targets met")
        for figure in missed:
            self._line(
                f"NOT MET: {figure.key} is {_number(figure.value)}, "
                f"the target is {_aim(figure.target)}",
                style="bold red",
            )
        if json_file is None:
            self._line("The figures were not kept: --json FILE or BENCH_JSON=FILE writes them.")
            return
        values = {figure.key: figure.value for figure in self.figures}
        if json_file == STDOUT:
            print(json.dumps(values))
            return
        json_file.write_text(json.dumps(values, indent=2) + "\n")
        self._line(f"{len(values)} figures written to {json_file}")

    def _line(self, text: str, style: str | None = None) -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _list(table: Table) -> RichTable:
    """A figure a line, with what it should be."""
    shown = RichTable("figure", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    shown.add_column("value", justify="right")
    shown.add_column("target", justify="right")
    shown.add_column("")
    for figure in table.figures:
        verdict = Text()
        if figure.target:
            met = _met(figure)
            verdict = Text("met" if met else "NOT MET", style="green" if met else "bold red")
        shown.add_row(figure.key, _number(figure.value), _aim(figure.target), verdict)
    return shown


def _pivot(table: Table) -> RichTable:
    """An operation a line, its quantities side by side, and their sums."""
    rows: dict[str, dict[str, float]] = {}
    for figure in table.figures:
        operation, _, quantity = figure.key.rpartition(".")
        rows.setdefault(operation, {})[quantity] = figure.value
    quantities = list(dict.fromkeys(quantity for row in rows.values() for quantity in row))
    shown = RichTable("", box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for quantity in quantities:
        shown.add_column(quantity, justify="right")
    rows["sum"] = {q: sum(row.get(q, 0) for row in rows.values()) for q in quantities}
    for operation, row in rows.items():
        shown.add_row(operation, *(_number(row.get(quantity, 0)) for quantity in quantities))
    return shown


def _nothing(_line: str) -> None:
    pass


def _met(figure: Figure) -> bool:
    return figure.target is None or figure.target.met_by(figure.value)


def _aim(target: Target | None) -> str:
    if target is None:
        return ""
    return f"{'at least' if target.at_least else 'at most'} {_number(target.limit)}"


def _number(value: float) -> str:
    return f"{value:,.10g}"
