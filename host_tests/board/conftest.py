"""Virtual boards for the tests, stock mpremote as users call it, and a terminal driven by hand."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, flash

DEADLINE_S = 60


class Terminal:
    """A terminal program on a board's port."""

    def __init__(self, port: str) -> None:
        self._serial = serial.Serial(port, timeout=0.05)

    def send(self, data: bytes) -> None:
        self._serial.write(data)

    def expect(self, ending: bytes) -> bytes:
        """Everything up to ``ending``, which must come within the deadline."""
        deadline = time.monotonic() + DEADLINE_S
        got = b""
        while not got.endswith(ending):
            assert time.monotonic() < deadline, f"expected {ending!r} at the end of {got!r}"
            got += self._serial.read(1)
        return got

    def ask(self, data: bytes, ending: bytes = b">>> ") -> bytes:
        """What the board says to ``data``, without the ending."""
        self.send(data)
        return self.expect(ending)[: -len(ending)]

    def close(self) -> None:
        self._serial.close()


class Mpremote:
    """``mpremote(*verbs)``: run the real command against the board; its standard output."""

    def __init__(self, port: str) -> None:
        self._port = port

    def on(self, port: str) -> "Mpremote":
        """The same for another port."""
        return Mpremote(port)

    def __call__(self, *verbs: str) -> str:
        done = self._run(verbs)
        assert done.returncode == 0, f"mpremote {verbs}: {done.stdout!r} {done.stderr!r}"
        return _text(done.stdout)

    def output(self, *verbs: str) -> bytes:
        """Its standard output to the byte."""
        return self._run(verbs).stdout

    def fails(self, *verbs: str) -> str:
        """What it says when it does not succeed."""
        done = self._run(verbs)
        assert done.returncode != 0, f"mpremote {verbs} did not fail: {done.stdout!r}"
        return _text(done.stdout + done.stderr)

    def _run(self, verbs: tuple[str, ...]) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "mpremote", "connect", self._port, *verbs]
        return subprocess.run(command, capture_output=True, timeout=2 * DEADLINE_S, check=False)


def _text(output: bytes) -> str:
    return output.decode().replace("\r\n", "\n")


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualBoard]:
    with VirtualBoard(tmp_path / "flash") as started:
        yield started


@pytest.fixture
def mpremote(board: VirtualBoard) -> Mpremote:
    return Mpremote(board.port)


@pytest.fixture
def terminal(board: VirtualBoard) -> Iterator[Terminal]:
    """A terminal at the prompt of a new line."""
    opened = Terminal(board.port)
    opened.send(b"\r")
    opened.expect(b"\r\n>>> ")
    yield opened
    opened.close()


@pytest.fixture
def open_terminal() -> Iterator[Callable[[VirtualBoard], Terminal]]:
    """For tests with boards of their own: `open_terminal(board)`."""
    terminals: list[Terminal] = []

    def open_on(board: VirtualBoard) -> Terminal:
        terminals.append(Terminal(board.port))
        return terminals[-1]

    yield open_on
    for opened in terminals:
        opened.close()


@pytest.fixture(scope="session")
def flashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flash with the whole firmware on it, as `motelink flash` puts it there."""
    folder = tmp_path_factory.mktemp("flashed")
    (folder / "project").mkdir()
    with VirtualBoard(folder / "board") as board:
        flash(Options(port=board.port, project=folder / "project", reset=False))
    return folder / "board"


@pytest.fixture
def files(flashed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(flashed, tmp_path / "board"))
