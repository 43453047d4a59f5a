"""Measures: compiles what a board gets, and loads each module on a real 32-bit MicroPython.

The virtual board serves, for its ROM has the hardware modules that programs import. Heap is what
``gc.mem_alloc()`` has more behind an import than before, both after collections: the module's own,
since what it needs is loaded before it.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import median

from motelink_tools import micropython
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi
from motelink_tools.flash.planning import build
from motelink_tools.flash.project import is_project, standard
from motelink_tools.flash.remote import About
from motelink_tools.flash.sources import ALWAYS_SOURCE, Source
from motelink_tools.size.order import in_order
from motelink_tools.transport import Board, RemoteError, connect

_RUNS = 3
_HEAP = "4M"  # everything at once; a board never has it all loaded
_FLASH = "16M"
_BLOCK = 4096
_METER = """\
import gc, micropython
def used():
    gc.collect()
    gc.collect()
    micropython.qstr_info()
    return gc.mem_alloc()
def load(name):
    before = used()
    try:
        __import__(name)
    except SystemExit:  # it would end the board's
        raise RuntimeError("SystemExit")
    print(used() - before)
"""
# The table of interned names grows by doubling, whoever adds the one too many. So its growth is
# taken out, and each module is charged for its own names: pointer, hash and length of each.
_NAMES = re.compile(r"n_qstr=(\d+), n_str_data_bytes=(\d+), n_total_bytes=(\d+)")
_NAME_BYTES = 7

# What the library's modules are called by; every other one is of the base.
_GROUPS = (
    "port",
    "node",
    "outbox",
    *("manager", "losant", "iottalk", "sepl", "commute"),
    *("mqtt", "websocket", "http"),
)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Part:
    """One file of a board. ``module``: what it is imported as, or None for what is no module;
    ``heap``: bytes that it takes when loaded, None where it was not, and ``trouble`` says why."""

    dest: str
    flash: int
    module: str | None = None
    heap: int | None = None
    trouble: str = ""

    @property
    def group(self) -> str:
        """ "losant" of motelink.losant_state; "project" for what is not the library's."""
        if not self.dest.startswith("lib/motelink/"):
            return "project"
        word = PurePosixPath(self.dest).stem.strip("_").partition("_")[0]
        return word if word in _GROUPS else "base"


@dataclass(frozen=True)
class Sizes:
    """``what``: the project's folder or "motelink"; ``release``: MicroPython's."""

    what: str
    release: str
    bits: int
    parts: tuple[Part, ...]

    @property
    def flash(self) -> int:
        """Bytes of all files."""
        return sum(part.flash for part in self.parts)

    @property
    def blocks(self) -> int:
        """Bytes on a file system whose blocks are 4 KiB, each file in blocks of its own."""
        return sum(-(-part.flash // _BLOCK) * _BLOCK for part in self.parts)

    @property
    def heap(self) -> int:
        """Bytes, with everything loaded at once."""
        return sum(part.heap or 0 for part in self.parts)


def measure(
    folder: Path | None = None,
    *,
    board: str = "virtual",
    runs: int = _RUNS,
    progress: Progress | None = None,
) -> Sizes:
    """What the project in ``folder`` takes on a board; without one, or without an app.py there,
    motelink itself, all of it.

    ``progress`` is told (module, done, all). Raises ToolError: ``no_micropython`` without the
    32-bit one, and whatever compiling raises.
    """
    interpreter = micropython.find()
    if interpreter.bits != 32:
        raise ToolError(
            "needs the 32-bit MicroPython, whose memory is laid out as a board's; "
            "'motelink micropython' says why it is not here",
            kind="no_micropython",
        )
    with tempfile.TemporaryDirectory(prefix="motelink-size-") as temporary:
        project = folder if folder and is_project(folder) else Path(temporary)
        sources = standard(board, project)
        modules = {name: source for source in sources if (name := _module(source.dest))}
        order = in_order({name: source.path for name, source in modules.items()})
        root = Path(temporary, "board")
        flash = _write(root, sources, interpreter)
        heaps, troubles = _heaps(root, order, interpreter, runs, progress)
        what = str(project.resolve()) if project == folder else "motelink"
    parts = []
    for dest, size in flash.items():
        name = _module(dest)
        parts.append(Part(dest, size, name, heaps.get(name or ""), troubles.get(name or "", "")))
    return Sizes(what, interpreter.release, interpreter.bits, tuple(parts))


def _module(dest: str) -> str | None:
    """The name that a file on the board is imported by."""
    path = PurePosixPath(dest)
    if path.suffix not in (".py", ".mpy") or dest in ALWAYS_SOURCE:
        return None
    parts = path.with_suffix("").parts
    parts = parts[1:] if parts[0] == "lib" else parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return name if all(part.isidentifier() for part in name.split(".")) else None


def _write(
    root: Path, sources: Sequence[Source], interpreter: micropython.Interpreter
) -> dict[str, int]:
    """The board's files, but for what would start by itself; the bytes of each."""
    ask = interpreter.command("-c", "import sys; print(sys.implementation._mpy)")
    word = int(subprocess.run(ask, capture_output=True, text=True, check=True).stdout)
    about = About(interpreter.version, Abi.from_word(word), "", _BLOCK, 0, 0)
    sizes = {}
    for file in build(sources, about):
        sizes[file.dest] = len(file.data)
        if file.dest not in ALWAYS_SOURCE:
            path = root / file.dest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
    return sizes


def _heaps(
    root: Path,
    order: Sequence[str],
    interpreter: micropython.Interpreter,
    runs: int,
    progress: Progress | None,
) -> tuple[Mapping[str, int], Mapping[str, str]]:
    """Of each module the median of ``runs`` boards, since the collector is conservative; and why
    some could not be loaded."""
    found: dict[str, list[int]] = {}
    troubles: dict[str, str] = {}
    board = VirtualBoard(root, heap=_HEAP, flash=_FLASH, interpreter=interpreter)
    with board:
        for number in range(runs):
            with connect(board.port) as link:
                link.exec(_METER)
                for at, name in enumerate(order):
                    if progress:
                        progress(name, number * len(order) + at, runs * len(order))
                    _load(link, name, found, troubles)
    return {name: round(median(sizes)) for name, sizes in found.items()}, troubles


def _load(link: Board, name: str, found: dict[str, list[int]], troubles: dict[str, str]) -> None:
    try:
        said = link.exec(f"load({name!r})")
    except RemoteError as error:
        troubles[name] = str(error)
        return
    except ToolError as error:
        if error.kind != "disconnected":
            raise
        raise ToolError(
            f"importing {name} does not return; what it does belongs in a function, as app.run()",
            kind="program_failed",
        ) from error
    before, after = (tuple(map(int, numbers)) for numbers in _NAMES.findall(said)[-2:])
    names = after[0] - before[0]
    table = (after[2] - after[1]) - (before[2] - before[1])
    own = int(said.split()[-1]) - table + names * _NAME_BYTES
    found.setdefault(name, []).append(own)
