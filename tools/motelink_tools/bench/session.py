"""One run of the benchmarks: measures those asked for, one after another, and reports."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from motelink_tools.bench import lab
from motelink_tools.bench.registry import every, select
from motelink_tools.bench.report import Report
from motelink_tools.errors import ToolError


def run(
    console: Console,
    *,
    only: Sequence[str] = (),
    json_file: Path | None = None,
    quick: bool = False,
) -> bool:
    """Measure, show, and write ``json_file``. Whether everything could be measured; a target
    that is not met is shown, and is no failure.

    Raises OSError, before it measures, if ``json_file`` cannot be written."""
    benchmarks = select(only)
    if json_file is not None:
        json_file.open("a").close()  # now, not after minutes of measuring, if that cannot be
    report = Report(console)
    complete = True
    with lab.opened(quick=quick, say=report.say) as bench:
        for benchmark in benchmarks:
            seconds = benchmark.quick_seconds if quick else benchmark.seconds
            try:
                with report.running(benchmark, seconds=seconds):
                    table = benchmark.measure(bench)
            except ToolError as error:
                complete = False
                report.failed(benchmark, error)
            else:
                report.show(benchmark, table)
    report.close(json_file)
    return complete


def listing() -> list[str]:
    """A line a benchmark."""
    return [
        f"{benchmark.name:22} {benchmark.title}, about {benchmark.seconds} s "
        f"(quick: {benchmark.quick_seconds} s)"
        for benchmark in every()
    ]
