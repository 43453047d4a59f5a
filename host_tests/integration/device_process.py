"""A device's program in a process of its own, on CPython or on MicroPython with a board's heap."""

import contextlib
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from collector import interpreters
from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi, MpyCross
from motelink_tools.flash.sources import library_modules

CPYTHON = "cpython"
ABI = Abi(version=6, sub_version=3, arch=0)


def compile_library(folder: Path) -> Path:
    """The library in ``folder`` as a board has it: .mpy. What does not compile is not there, which
    fails the devices that use it, and no others."""
    compiler = MpyCross.find()
    (folder / "motelink").mkdir()
    for module in library_modules():
        with contextlib.suppress(ToolError):
            (data,) = compiler.compile([(module, f"lib/motelink/{module.name}")], ABI)
            (folder / "motelink" / module.name).with_suffix(".mpy").write_bytes(data)
    return folder


def documented(page: str) -> str:
    """The first program of a page of the documentation."""
    text = (paths.library().parent / "docs" / page).read_text()
    return text.split("```python\n")[1].split("```")[0]


@dataclass(frozen=True)
class Runtime:
    """What runs a device: CPYTHON or a key of `interpreters`, and the library it has there."""

    name: str
    library: Path

    def command(self, heap: str) -> list[str]:
        """The interpreter with its arguments."""
        if self.name == CPYTHON:
            return [sys.executable, "-u"]
        interpreter = interpreters()[self.name]
        if isinstance(interpreter, Exception):
            raise interpreter
        return interpreter.command(heap=heap)


class Device:
    """Runs ``program`` with ``arguments``; what it prints is read as it comes. After
    ``deadline_s`` it is killed, and whoever waits for it fails with what it had printed. A context
    manager."""

    def __init__(
        self,
        runtime: Runtime,
        program: Path,
        *arguments: object,
        heap: str = "128k",
        deadline_s: float = 60.0,
    ) -> None:
        self.output: list[str] = []
        self._process = subprocess.Popen(
            [*runtime.command(heap), str(program), *map(str, arguments)],
            env={**os.environ, "MICROPYPATH": f".frozen:{runtime.library}"},
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
