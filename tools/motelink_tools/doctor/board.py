"""What is checked of a board itself: firmware, room, library, settings, crashes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motelink import __version__
from motelink_tools.doctor.agent import Agent
from motelink_tools.doctor.endpoints import SHOWN
from motelink_tools.doctor.findings import Finding, note, ok, wrong
from motelink_tools.doctor.names import judge
from motelink_tools.errors import ToolError
from motelink_tools.flash.boards import recognise
from motelink_tools.flash.mpy import Abi, MpyCross
from motelink_tools.known_settings import known

_OLDEST = (1, 22)  # what the library is written for
_ROOM = 16 << 10  # for crash.txt, an outbox, and a file that is replaced
_HEAP = 52 << 10  # the smallest that a node works in, see docs/node.md
_BLOCK = 4 << 10  # the largest that a node asks for, without TLS
_SAFE_MODE = 3  # as node_guard_trial.LIMIT


@dataclass
class Known:
    """What later checks need of earlier ones. ``library``: its version; ``readable``: whether the
    settings are; ``settings``: by name, the value None where it is not shown; ``joined``: whether
    the board has a network.
    """

    machine: str = ""
    library: str | None = None
    readable: bool = False
    joined: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


def about(agent: Agent, known_of: Known) -> Iterator[Finding]:
    """Firmware, file system, heap. Raises ToolError where it is no MicroPython."""
    (name, release, word, machine), (_, free), (heap, block) = agent.load("about")
    version = ".".join(map(str, release))
    if name != "micropython":
        raise ToolError(
            f"the board runs {name} {version}; this is for MicroPython", kind="not_micropython"
        )
    known_of.machine = machine
    board = recognise(machine)
    if board:
        yield ok("board", f"{board}: {machine}")
    else:
        yield note("board", f"unknown: {machine}", "name one like it with flash --board")
    yield _firmware(release, version, Abi.from_word(word))
    if free < _ROOM:
        yield wrong(
            "flash", f"only {_kib(free)} of flash are free", "remove files with mpremote rm"
        )
    else:
        yield ok("flash", f"{_kib(free)} free")
    says = f"{_kib(heap)} free, largest block {_kib(block)}"
    if heap < _HEAP:
        do = "freeze the library into the firmware, or take a board with more"
        yield wrong("heap", f"{says}; a node needs {_kib(_HEAP)}", do)
    elif block < _BLOCK:
        yield note("heap", f"{says}: in small pieces", "see what boot.py loads")
    else:
        yield ok("heap", says)


def _firmware(release: tuple[int, ...], version: str, abi: Abi | None) -> Finding:
    if release < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        do = f"put MicroPython {oldest} or later on the board"
        return wrong("firmware", f"MicroPython {version} is too old", do)
    try:
        MpyCross.find().check(abi, release)
    except ToolError as error:
        return wrong(
            "firmware", f"MicroPython {version}; {error}", "or update the board's firmware"
        )
    return ok("firmware", f"MicroPython {version}, loads mpy {abi}")


def files(agent: Agent, known_of: Known) -> Iterator[Finding]:
    """The library's version, safe mode, and what ended the firmware."""
    known_of.library, guard, crash = agent.load("files")
    if known_of.library is None:
        yield wrong("sdk", "motelink is not on the board", "motelink flash")
    elif known_of.library != __version__:
        says = f"motelink {known_of.library} on the board, {__version__} here"
        yield wrong("sdk", says, "motelink flash, or install the version that the board has")
    else:
        yield ok("sdk", f"motelink {__version__}, as here")
    yield _guarded(guard)
    last = crash.strip().rpartition("\n")[2]
    if last:
        yield wrong(
            "crash",
            f"crash.txt has what ended the firmware last: {last}",
            "mpremote cat :crash.txt shows it all; when it is mended, mpremote rm :crash.txt",
        )
    else:
        yield ok("crash", "no crash.txt")


def _guarded(guard: str) -> Finding:
    number, _, died = guard.partition(" ")
    deaths = int(number) if number.isdigit() else 0
    if deaths >= _SAFE_MODE and died:
        do = "flash what is mended, or mpremote rm :guard + reset"
        return wrong("safe_mode", f"the board is in safe mode: {deaths} boots in a row died", do)
    if deaths > 1:
        do = "watch it with motelink monitor; after the third it starts in safe mode"
        return note("safe_mode", f"{deaths} boots in a row ended within a minute", do)
    return ok("safe_mode", "not in safe mode")


def settings(agent: Agent, known_of: Known, project: Path) -> Iterator[Finding]:
    """Whether the board's settings can be read, and mean something. Only names are shown."""
    if known_of.library is None:
        return
    found = agent.load("settings", SHOWN=SHOWN)
    if len(found) == 1 and isinstance(found[0], str):
        yield wrong("settings", found[0], "mend that line, and flash or provision again")
        return
    known_of.readable = True
    known_of.settings = {name: value for name, _, value in found}
    yield from judge({name: kind for name, kind, _ in found}, known(project))


def content(agent: Agent, path: str) -> bytes | None:
    """A file of the board; None where there is none."""
    pieces = agent.load("content", PATH=path)
    return bytes.fromhex("".join(pieces)) if pieces else None


def networks(settings_found: Mapping[str, Any]) -> int:
    """How many the board may join."""
    return sum(name.startswith("wifi_ssid") for name in settings_found)


def _kib(size: int) -> str:
    return f"{size / 1024:,.0f} KiB"
