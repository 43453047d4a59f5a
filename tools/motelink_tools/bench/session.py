"""One run of the benchmarks: measures those asked for, one after another, and reports."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from motelink_tools.bench import lab
from motelink_tools.bench.registry import every, select
from motelink_tools.bench.report import STDOUT, Report
from motelink_tools.errors import ToolError


def run(
    console: Console,
    *,
    only: Sequence[str] = (),
    json_file: Path | None = None,
    quick: bool = False,
) -> bool:
    """Measure, show, and write ``json_file`` (`STDOUT`: print it). Whether everything could be
    measured; a target that is not met is shown, and is no failure.

    Raises OSError, before it measures, if ``json_file`` cannot be written."""
    benchmarks = select(only)
    if json_file is not None and json_file != STDOUT:
        _check_writable(json_file)
    expected = sum(b.quick_seconds if quick else b.seconds for b in benchmarks)
    report = Report(console, expected_s=expected)
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


def _check_writable(file: Path) -> None:
    """Raise OSError now, rather than after minutes of measuring. Leaves the folder as it was."""
    existed = file.exists()
    file.open("a").close()
    if not existed:
        file.unlink()


def listing(*, as_json: bool = False) -> str:
    """A line a benchmark, or an array of objects."""
    if as_json:
        return json.dumps(
            [
                {
                    "name": benchmark.name,
                    "title": benchmark.title,
                    "seconds": benchmark.seconds,
                    "quick_seconds": benchmark.quick_seconds,
                    "named_only": benchmark.named_only,
                }
                for benchmark in every()
            ]
        )
    return "\n".join(
        f"{benchmark.name:22} {benchmark.title}, about {benchmark.seconds} s "
        f"(quick: {benchmark.quick_seconds} s)" + (", if named" if benchmark.named_only else "")
        for benchmark in every()
    )
