"""How a monitor shows lines: with colours for people, as JSON for programs."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from motelink_tools.monitor.lines import Line
from motelink_tools.monitor.source import Frame

_STYLES = {"debug": "dim", "info": "", "warning": "yellow", "error": "red"}
_LETTERS = {"debug": "D", "info": "I", "warning": "W", "error": "E"}


class Shows(Protocol):
    """What shows a board's lines, and notes about the connection."""

    def line(self, line: Line) -> None: ...

    def note(self, text: str) -> None: ...


def make(least: str, timestamps: bool, as_json: bool) -> Shows:
    """The one for standard output."""
    if as_json:
        return JsonView(lambda text: print(text, flush=True), least=least)
    return View(Console(), least=least, timestamps=timestamps)


def until_interrupted(work: Callable[[], None]) -> int:
    """Ctrl-C is how a monitor is meant to end; the exit status."""
    try:
        work()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 0


class View:
    """``line`` and ``note`` show. ``least``: the least level."""

    def __init__(
        self,
        console: Console,
        *,
        least: str,
        timestamps: bool,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._console = console
        self._least = least
        self._timestamps = timestamps
        self._now = now

    def line(self, line: Line) -> None:
        """One line of the board's, with the source beneath it where it names some."""
        if not line.shown(self._least):
            return
        style = _STYLES[line.level] if line.level else ""
        begin = f"{line.at:9.3f} {_LETTERS[line.level]} " if line.level else ""
        self._print(begin + line.text, style)
        if line.frame:
            self._print(f"      {_place(line.frame)}", "cyan")

    def note(self, text: str) -> None:
        """Something about the line itself: the board is gone, it is back."""
        self._print(f"-- {text}", "dim")

    def _print(self, text: str, style: str) -> None:
        if self._timestamps:
            moment = self._now()
            clock = time.strftime("%H:%M:%S", time.localtime(moment))
            text = f"{clock}.{int(moment * 1000) % 1000:03d} {text}"
        self._console.print(Text(text, style=style), soft_wrap=True, highlight=False)


class JsonView:
    """One object a line: ``{"time", "kind": "log" | "text" | "note", "text", ...}``."""

    def __init__(
        self, write: Callable[[str], None], *, least: str, now: Callable[[], float] = time.time
    ) -> None:
        self._write = write
        self._least = least
        self._now = now

    def line(self, line: Line) -> None:
        """One line of the board's."""
        if not line.shown(self._least):
            return
        fields: dict[str, Any] = {"kind": "log" if line.level else "text", "text": line.text}
        if line.level:
            fields |= {"level": line.level, "at": line.at}
        if line.frame:
            fields["source"] = {
                "file": str(line.frame.path),
                "line": line.frame.line,
                "text": line.frame.text,
                "same": line.frame.same,
            }
        self._say(fields)

    def note(self, text: str) -> None:
        """Something about the line itself."""
        self._say({"kind": "note", "text": text})

    def _say(self, fields: dict[str, Any]) -> None:
        self._write(json.dumps({"time": round(self._now(), 3), **fields}))


def _place(frame: Frame) -> str:
    where = f"{_short(frame.path)}:{frame.line}"
    if frame.same:
        return f"{where}  {frame.text}"
    return f"{where}  (the file here is not what runs there: flash again)"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
