"""What a board printed, by lines: the log's with their levels, tracebacks' with their places."""

import re
from dataclasses import dataclass

from motelink_tools.monitor.source import Frame, Sources

LEVELS = {"D": "debug", "I": "info", "W": "warning", "E": "error"}
_LOG = re.compile(r"(\d+\.\d{3}) ([DIWE]) (.*)")
_FRAME = re.compile(r'\s*File "([^"]+)", line (\d+)(?:, in (\S+))?')
_LINE_BYTES = 4096  # what has no end by then is shown in pieces


@dataclass(frozen=True)
class Line:
    """``level`` and ``at``, the board's seconds, are None for what is not the log's."""

    text: str
    level: str | None = None
    at: float | None = None
    frame: Frame | None = None

    def shown(self, least: str) -> bool:
        """Whether it is, where ``least`` is the least level; what has none always is."""
        names = list(LEVELS.values())
        return self.level is None or names.index(self.level) >= names.index(least)


class Reader:
    """Makes lines of bytes, however they come."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._rest = b""

    def feed(self, data: bytes) -> list[Line]:
        """The lines that are complete now."""
        *whole, rest = (self._rest + data).split(b"\n")
        while len(rest) > _LINE_BYTES:
            whole.append(rest[:_LINE_BYTES])
            rest = rest[_LINE_BYTES:]
        self._rest = rest
        return [self._line(line) for line in whole]

    def flush(self) -> list[Line]:
        """What has no end yet, as a line: nothing has come for a while."""
        rest, self._rest = self._rest, b""
        return [self._line(rest)] if rest else []

    def _line(self, data: bytes) -> Line:
        text = _printable(data.decode("utf-8", "replace").rstrip("\r"))
        log = _LOG.fullmatch(text)
        found = _FRAME.match(log[3] if log else text)
        frame = None
        if found:
            frame = self._sources.find(found[1], int(found[2]), found[3])
        if log is None:
            return Line(text, frame=frame)
        return Line(log[3], LEVELS[log[2]], float(log[1]), frame)


def _printable(text: str) -> str:
    """Without what would steer the terminal; a board may print what a peer has sent it."""
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in text)
