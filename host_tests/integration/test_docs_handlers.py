"""The figures of docs/handlers.md are what real MicroPython allocates."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from collector import interpreters
from motelink_tools import paths
from motelink_tools.micropython import SUITE, Interpreter

from .docs_blocks import Block, all_blocks

MEASURED = [block for block in all_blocks() if block.mark and block.mark[0] == "allocates"]
PROGRAM = Path(__file__).with_name("docs_allocate.py")


def allocated(block: Block, runtime: Interpreter, folder: Path) -> int:
    (folder / "handler.py").write_text(block.text)
    done = subprocess.run(
        runtime.command(str(PROGRAM), str(folder / "handler.py")),
        env={**os.environ, "MICROPYPATH": f".frozen:{paths.library()}"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("block", MEASURED, ids=str)
@pytest.mark.parametrize("name", interpreters())
def test_the_figure_is_right(block: Block, name: str, tmp_path: Path) -> None:
    """Nothing is nothing on each version; how much it is otherwise, on the one that is named."""
    runtime = interpreters()[name]
    assert isinstance(runtime, Interpreter)
    assert block.mark
    used = allocated(block, runtime, tmp_path)
    if block.mark[1] == "0" or runtime.suite == SUITE:
        assert used == int(block.mark[1])


def test_the_text_says_the_same_figure() -> None:
    for block in MEASURED:
        for said in re.findall(r"# (\d+) bytes", block.text):
            assert block.mark == ("allocates", said), block


def test_there_is_a_way_without_for_each() -> None:
    figures = [block.mark[1] for block in MEASURED if block.mark]
    assert figures.count("0") > len(figures) // 2
