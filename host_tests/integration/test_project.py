"""From ``motelink new`` to a board that the hub sees, typed as a newcomer would."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motelink_tools.flash.project import PLATFORMS

DEADLINE_S = 60
HUB = "[hub]\npage_port = 0\n" + "".join(
    f"[{name}]\nport = 0\n" for name in ("manager", "sepl", "commute")
)
HUB += "[losant]\nport = 0\nws_port = 0\n[iottalk]\nport = 0\nws_port = 0\nhttp_port = 0\n"


class Terminal:
    """A command that runs until Ctrl-C, and prints an object a line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "motelink_tools", *arguments, "--json"],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.said: list[str] = []
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, **wanted: str) -> dict[str, Any]:
        """The next line with these fields."""
        seen: list[dict[str, Any]] = []
        end = time.monotonic() + DEADLINE_S
        while True:
            try:
                seen.append(self._lines.get(timeout=max(0, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"no {wanted}; the last: {seen[-5:]}") from None
            if all(seen[-1].get(name) == value for name, value in wanted.items()):
                return seen[-1]

    def end(self) -> int:
        """Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return status

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(DEADLINE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):
            for line in self._process.stdout:
                self._lines.put(json.loads(line))
                self.said.append(line)


def command(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, Path]]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "hub.toml").write_text(HUB)
    running = Terminal(folder, "hub", "--config", "hub.toml", "--folder", str(folder / "data"))
    try:
        running.until(event="serving")
        yield running, folder / "data"
        assert running.end() == 0
    finally:
        running.close()


def test_a_new_project_runs_on_every_platform(hub: tuple[Terminal, Path], tmp_path: Path) -> None:
    """A project a platform: each board has the modules of its own platform, and no others."""
    served, data = hub
    boards = {}
    try:
        for name in PLATFORMS:
            command(tmp_path, "motelink_tools", "new", f"lamp-{name}", "--platform", name)
            boards[name] = Terminal(tmp_path / f"lamp-{name}", "run", "--hub", str(data))
        assert "4 passed" in command(tmp_path / "lamp-manager", "pytest", "-q")
        for name, board in boards.items():
            board.until(kind="note", text=f"the hub on this machine serves {name}")
        waiting = set(PLATFORMS)
        end = time.monotonic() + DEADLINE_S
        while waiting:
            assert time.monotonic() < end, f"not connected: {waiting}"
            waiting.discard(served.until(event="connected")["platform"])
        for board in boards.values():
            assert board.end() == 0
            assert ">>>" not in "".join(board.said)  # the board runs: no prompt is shown
    finally:
        for board in boards.values():
            board.close()


def test_without_a_hub_it_says_so_and_runs(tmp_path: Path) -> None:
    command(tmp_path, "motelink_tools", "new", "lamp")
    (tmp_path / "lamp" / "secrets.toml").write_text('losant_key = ""\n')
    board = Terminal(tmp_path / "lamp", "run", "--hub", str(tmp_path / "none"))
    try:
        says = (
            f"no hub serves {tmp_path / 'none'} ('motelink hub' starts one; --hub: another folder)"
        )
        board.until(kind="note", text=says)
        board.until(kind="note", text="secrets.toml has no value for losant_key")
        warned = board.until(kind="log", level="warning")
        assert "8595" in warned["text"]
        assert board.end() == 0
    finally:
        board.close()


def test_what_is_no_project_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "motelink_tools", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 1
    assert "has no app.py; 'motelink new NAME' makes a project" in done.stderr
