"""A device's program in a process of its own, on CPython or on MicroPython with a board's heap."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from collector import interpreters
from motelink_tools import paths

CPYTHON = "cpython"


def command(runtime: str, heap: str = "128k") -> list[str]:
    """What runs a program on ``runtime``: CPYTHON, or a key of `interpreters`."""
    if runtime == CPYTHON:
        return [sys.executable, "-u"]
    interpreter = interpreters()[runtime]
    if isinstance(interpreter, Exception):
        raise interpreter
    return interpreter.command(heap=heap)


class Device:
    """Runs ``program`` with ``arguments``; what it prints is read as it comes. After
    ``deadline_s`` it is killed, and whoever waits for it fails with what it had printed. A context
    manager."""

    def __init__(
        self, words: list[str], program: Path, *arguments: object, deadline_s: float = 60.0
    ) -> None:
        self.output: list[str] = []
        self._process = subprocess.Popen(
            [*words, str(program), *map(str, arguments)],
            env={**os.environ, "MICROPYPATH": f".frozen:{paths.library()}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._hung = threading.Timer(deadline_s, self._process.kill)
        self._hung.start()

    def __enter__(self) -> "Device":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hung.cancel()
        self._process.kill()
        self._process.communicate()

    def next(self, start: str) -> str | None:
        """The rest of the next line that begins so; None when it has ended before."""
        while line := self._line():
            if line.startswith(start):
                return line[len(start) :].strip()
        return None

    def wait_for(self, start: str) -> str:
        """The same, and there must be one."""
        rest = self.next(start)
        assert rest is not None, f"waited in vain for {start!r}:\n" + "".join(self.output)
        return rest

    def result(self) -> dict[str, int]:
        """What it printed as ``NAME NUMBER`` by the time it ended, the last of each name."""
        while self._line():
            pass
        assert self._process.wait() == 0, "".join(self.output)
        pairs = [line.split() for line in self.output]
        return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and _number(pair[1])}

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self.output.append(line)
        return line


def _number(text: str) -> bool:
    return text.removeprefix("-").isdigit()
