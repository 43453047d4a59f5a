"""One monitor, until Ctrl-C."""

import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from motelink_tools.monitor.lines import Reader
from motelink_tools.monitor.port import Port
from motelink_tools.monitor.source import Sources
from motelink_tools.monitor.view import Shows

_CTRL_C = "^C"


@dataclass(frozen=True)
class Options:
    """What the user asked for. ``project``: where source lines are looked for first."""

    port: str | None = None
    project: Path = Path()
    typing: bool = False


def monitor(options: Options, shows: Shows) -> None:
    """Show what the board prints, for ever. Raises ToolError when there is no port to begin with;
    KeyboardInterrupt is the end."""
    port = Port(options.port)
    reader = Reader(Sources(options.project))
    try:
        shows.note(f"{port.name}; Ctrl-C ends this")
        if options.typing:
            threading.Thread(target=_type, args=(port,), name="keys", daemon=True).start()
        follow(port, reader, shows)
    finally:
        port.close()


def follow(port: Port, reader: Reader, shows: Shows) -> None:
    """Show what comes from the port, until it raises."""
    for event in port.events():
        lines = reader.feed(event) if event and isinstance(event, bytes) else reader.flush()
        for line in lines:
            shows.line(line)
        if isinstance(event, str):
            shows.note("the board is back" if event == "back" else "the board is gone; waiting")


def _type(port: Port) -> None:
    """Each line typed here goes there, as a terminal sends it; a line ^C as Ctrl-C."""
    for line in sys.stdin:
        text = line.rstrip("\n")
        port.send(b"\x03" if text == _CTRL_C else text.encode() + b"\r")
