"""The monitor on the virtual board: crashes in .mpy, resets, and a cable that is pulled."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from motelink_tools import paths
from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, flash

DEADLINE_S = 60

CRASHES = """\
from motelink import log


def run():
    try:
        log.set_level("loud")
    except Exception as error:
        log.exception(error, "app")
    raise ValueError("the sensor is gone")
"""
ECHO = """\
from motelink import node_guard


def run():
    node_guard.clear()  # a test resets more often than a board in good health
    print("ready")
    while True:
        print("heard", input())
"""


class Monitor:
    """``motelink monitor --json`` in a process of its own."""

    def __init__(self, port: str, project: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "motelink_tools", "monitor", "--port", port, "--json"]
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line that is wanted; what comes before is passed over."""
        seen = []
        while True:
            try:
                line = self._lines.get(timeout=DEADLINE_S)
            except queue.Empty:
                raise AssertionError(f"not seen; the last: {seen[-5:]}") from None
            seen.append(line)
            if wanted(line):
                return line

    def text(self, text: str) -> dict[str, Any]:
        return self.until(lambda line: text in line["text"])

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(DEADLINE_S)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(project: Path) -> Iterator[Callable[..., Monitor]]:
    running: list[Monitor] = []

    def start(port: str, *arguments: str) -> Monitor:
        running.append(Monitor(port, project, *arguments))
        running[-1].text("Ctrl-C ends this")
        return running[-1]

    yield start
    for monitor in running:
        monitor.process.kill()
        monitor.process.wait(DEADLINE_S)
        for pipe in (monitor.process.stdin, monitor.process.stdout):
            assert pipe is not None
            pipe.close()


def put(board: VirtualBoard, project: Path, app: str) -> None:
    (project / "app.py").write_text(app)
    flash(Options(port=board.port, project=project, reset=False))


def test_crashes_show_the_source_line_of_app_and_library(
    board: VirtualBoard, project: Path, watch: Callable[..., Monitor]
) -> None:
    put(board, project, CRASHES)
    monitor = watch(board.port)
    board.hard_reset()
    library = monitor.until(lambda line: 'File "motelink.' in line["text"])
    assert library["level"] == "error"
    source = library["source"]
    assert Path(source["file"]).parent == paths.library() / "motelink"
    lines = Path(source["file"]).read_text().splitlines()
    assert source["text"] == lines[source["line"] - 1].strip()
    assert source["same"]
    app = monitor.until(lambda line: line["text"].startswith('  File "app.py", line 9, in run'))
    assert app["source"] == {
        "file": str(project / "app.py"),
        "line": 9,
        "text": 'raise ValueError("the sensor is gone")',
        "same": True,
    }
    monitor.text("ValueError: the sensor is gone")
    assert monitor.end() == 0


def test_it_goes_on_after_a_reset_and_when_the_cable_is_back(
    tmp_path: Path, project: Path, watch: Callable[..., Monitor]
) -> None:
    link = tmp_path / "tty"
    with VirtualBoard(tmp_path / "flash", link=link) as board:
        put(board, project, ECHO)
        monitor = watch(str(link), "--input")
        board.hard_reset()
        monitor.text("ready")
        board.hard_reset()
        monitor.text("ready")
    monitor.text("the board is gone")
    with VirtualBoard(tmp_path / "flash", link=link) as board:
        monitor.text("the board is back")
        board.hard_reset()
        monitor.text("ready")
        assert monitor.process.stdin is not None
        monitor.process.stdin.write("who is there\n")
        monitor.process.stdin.flush()
        monitor.text("heard who is there")


def test_a_port_that_is_not_there_is_one_line(project: Path) -> None:
    command = [sys.executable, "-m", "motelink_tools", "monitor", "--port", "/dev/none"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "motelink: there is no port /dev/none\n")
