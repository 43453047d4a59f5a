"""How long ``motelink flash`` takes, from the command to the board's restart."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from motelink_tools.bench.lab import DEADLINE_S, Lab
from motelink_tools.bench.registry import Benchmark, Table, Target
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError

_RUNS, _QUICK_RUNS = 5, 2
_FILE = "# %s\n" % ("x" * 77) * 100  # as large as the largest modules, 8 KB


def _measure(lab: Lab) -> Table:
    runs = _QUICK_RUNS if lab.quick else _RUNS
    with tempfile.TemporaryDirectory() as made:
        project = Path(made, "project")
        project.mkdir()
        settings = project / "settings.toml"
        with VirtualBoard(Path(made, "board")) as board:
            lab.say("flash, a new board")
            settings.write_text(_FILE)
            first = _flash(project, board.port)
            unchanged, one_file = [], []
            for number in range(1, runs + 1):
                lab.say(f"flash, run {number}")
                unchanged.append(_flash(project, board.port))
                settings.write_text(f"{_FILE}a = {number}\n")
                one_file.append(_flash(project, board.port))
    table = Table(
        note=(
            f"Median of {runs} runs, of the whole library and the firmware, to the virtual board: "
            "the process, the compiler, the comparison on the board, the restart. A serial line "
            "of 115,200 baud takes a second more for 8 KB, the size of the one file. first: all "
            "files are sent."
        )
    )
    table.add("flash.unchanged.seconds", round(median(unchanged), 3), Target(2))
    table.add("flash.one_file.seconds", round(median(one_file), 3), Target(3))
    table.add("flash.first.seconds", round(first, 3))
    return table


def _flash(project: Path, port: str) -> float:
    """Seconds. Raises ToolError."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "motelink_tools", "flash", "--port", port, "--json"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if done.returncode:
        raise ToolError(f"the flash failed: {done.stderr.strip()}", kind="program_failed")
    return time.perf_counter() - began


BENCHMARK = Benchmark("flash", "a flash to the virtual board", _measure, 20, 10)
