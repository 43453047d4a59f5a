"""A MicroPython with the device library on it, as a board has it, and what can be measured there.

The library and the programs of ``on_device/`` are compiled to .mpy as the flasher does, into a
temporary folder. A program prints its results as lines ``name value``.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cached_property
from pathlib import Path

from motelink_tools import frozen, micropython, paths
from motelink_tools.bench import umqtt
from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi, MpyCross
from motelink_tools.flash.sources import library_modules

HEAP = "128k"
_HEAP_WITH_IMAGE = "1m"  # the image of the whole library lies in it, too
# Relative, since every module's heap holds its path: a board's is as short.
_PATH = ":lib"
_PROGRAMS = Path(__file__).with_name("on_device")
DEADLINE_S = 120.0

Say = Callable[[str], None]


class Place(Enum):
    """Where a board has the library: as files on its flash, which importing copies to the heap;
    in a ROMFS, or in its firmware, where code and texts stay in flash."""

    FILES = "files"
    ROMFS = "romfs"
    FROZEN = "frozen"


class Lab:
    """What benchmarks measure with. ``say`` takes a line about what is being done now.

    ``quick`` asks for fewer repetitions: the same figures, with more noise in those of time.
    """

    def __init__(self, folder: Path, *, quick: bool, say: Say) -> None:
        self._folder = folder
        self.quick = quick
        self.say = say

    @cached_property
    def interpreter(self) -> micropython.Interpreter:
        """The MicroPython that everything is measured on: 32-bit, where it can be had."""
        return micropython.find(say=self.say)

    def require_32_bits(self) -> None:
        """Raise ToolError where memory figures would not be a board's."""
        if self.interpreter.bits != 32:
            raise ToolError(
                "needs the 32-bit MicroPython, whose memory is laid out as a board's; "
                "'motelink micropython' says why it is not here",
                kind="no_micropython",
            )

    def modules(self) -> dict[str, int]:
        """The bytes of each module's .mpy, by the name it is imported with."""
        package = self._board / "lib" / "motelink"
        return {
            "motelink" if file.stem == "__init__" else f"motelink.{file.stem}": file.stat().st_size
            for file in package.glob("*.mpy")
        }

    def size(self, module: str) -> int:
        """The bytes of the .mpy of any file on this board, by its .py name there."""
        return (self._board / module).with_suffix(".mpy").stat().st_size

    def run(
        self, program: str, *arguments: object, heap: str = HEAP, deadline_s: float = DEADLINE_S
    ) -> dict[str, int]:
        """Run one program of ``on_device/`` and return what it printed.

        Raises ToolError ``program_failed`` when it ends with an error, or not in time.
        """
        command = self.interpreter.command("-m", program, *map(str, arguments), heap=heap)
        return _results(program, self._execute(program, command, deadline_s).stdout)

    def run_from(
        self,
        place: Place,
        program: str,
        *arguments: object,
        heap: str = HEAP,
        deadline_s: float = DEADLINE_S,
    ) -> dict[str, int]:
        """As `run`, with the library in this place. ``heap`` does not count for `Place.ROMFS`.

        Raises ToolError ``no_compiler`` where none can be built that has it frozen in.
        """
        if place is Place.FILES:
            return self.run(program, *arguments, heap=heap, deadline_s=deadline_s)
        if place is Place.ROMFS:
            image = self._romfs.name
            return self.run("in_place", image, program, *arguments, heap=_HEAP_WITH_IMAGE)
        command = self._frozen.command("-m", program, *map(str, arguments), heap=heap)
        done = self._execute(program, command, deadline_s, path=":.frozen")
        return _results(program, done.stdout)

    def start(self, program: str, *arguments: object, heap: str = HEAP) -> "subprocess.Popen[str]":
        """A program of ``on_device/`` that goes on by itself; what it prints is its ``stdout``."""
        return subprocess.Popen(
            self.interpreter.command("-m", program, *map(str, arguments), heap=heap),
            cwd=self._board,
            env={**os.environ, "MICROPYPATH": _PATH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @cached_property
    def _frozen(self) -> micropython.Interpreter:
        """Our MicroPython with ``lib/`` in its firmware."""
        build = self._folder / "build"
        return frozen.build(paths.board_root() / "manifest.py", build, say=self.say)

    @cached_property
    def _romfs(self) -> Path:
        """An image of ``lib/`` as mpremote deploys it to a board's read-only flash partition."""
        image = self._board / "lib.romfs"
        command = [sys.executable, "-m", "mpremote", "romfs", "-o", str(image), "build", "lib"]
        try:
            subprocess.run(command, cwd=self._board, capture_output=True, text=True, check=True)
        except subprocess.CalledProcessError as error:
            trouble = _last_line(error.stderr) or _last_line(error.stdout)
            raise ToolError(f"mpremote could not build a ROMFS: {trouble}") from None
        return image

    def has_valgrind(self) -> bool:
        """Whether `instructions` can be asked."""
        return shutil.which("valgrind") is not None

    def instructions(self, program: str, *arguments: object, heap: str = HEAP) -> int:
        """How many instructions a whole run of the program executes, its start included."""
        machine = self.interpreter.for_valgrind()
        command = [
            *("valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}"),
            *machine.command("-m", program, *map(str, arguments), heap=heap),
        ]
        done = self._execute(program, command)
        counted = re.search(r"Collected : (\d+)", done.stderr)
        if not counted:
            raise ToolError(
                f"valgrind counted nothing: {_last_line(done.stderr)}", kind="no_valgrind"
            )
        return int(counted[1])

    def _execute(
        self,
        program: str,
        command: list[str],
        deadline_s: float = DEADLINE_S,
        path: str = _PATH,
    ) -> "subprocess.CompletedProcess[str]":
        try:
            done = subprocess.run(
                command,
                cwd=self._board,
                env={**os.environ, "MICROPYPATH": path},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=deadline_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ToolError(
                f"{program} did not end within {deadline_s:.0f} s", kind="program_failed"
            ) from error
        if done.returncode:
            trouble = _last_line(done.stderr) or _last_line(done.stdout)
            raise ToolError(
                f"{program} ended with status {done.returncode}: {trouble}", kind="program_failed"
            )
        return done

    @cached_property
    def _board(self) -> Path:
        """What the board's root folder would be: the programs, and ``lib/``."""
        self.say("compiling the library")
        jobs = {f"lib/motelink/{path.name}": path for path in library_modules()}
        jobs |= {path.name: path for path in _PROGRAMS.glob("*.py")}
        jobs[umqtt.MODULE] = umqtt.source()
        compiler = MpyCross.find()
        abi = compiler.check(self._abi(), self.interpreter.version)
        compiled = compiler.compile([(path, dest) for dest, path in jobs.items()], abi)
        for dest, data in zip(jobs, compiled, strict=True):
            file = (self._folder / dest).with_suffix(".mpy")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return self._folder

    def _abi(self) -> Abi | None:
        ask = "import sys; print(getattr(sys.implementation, '_mpy', 0))"
        done = subprocess.run(
            self.interpreter.command("-c", ask), capture_output=True, text=True, check=True
        )
        return Abi.from_word(int(done.stdout))


@contextmanager
def opened(*, quick: bool, say: Say) -> Iterator[Lab]:
    """A lab whose folder goes when it is left."""
    with tempfile.TemporaryDirectory(prefix="motelink-bench-") as folder:
        yield Lab(Path(folder), quick=quick, say=say)


def _results(program: str, output: str) -> dict[str, int]:
    results = {}
    for line in output.splitlines():
        name, _, value = line.partition(" ")
        try:
            results[name] = int(value)
        except ValueError:
            raise ToolError(f"{program} said {line!r}", kind="program_failed") from None
    return results


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
