"""The seldom used part of `motelink.log`: levels by name, and lines that are kept."""

from motelink import log
from motelink.buffer import Buffer
from motelink.errors import ConfigError

_LEVELS = {
    "debug": log.DEBUG,
    "info": log.INFO,
    "warning": log.WARNING,
    "error": log.ERROR,
    "off": log.OFF,
}


def number(level) -> int:
    """Of a level: a constant, or its name. Raises ConfigError."""
    level = _LEVELS.get(level, level)
    if level not in _LEVELS.values():
        raise ConfigError("log level must be one of debug, info, warning, error, off")
    return level


class Ring(Buffer):
    """Whole lines, each with its end, the newest ``size`` bytes of them."""

    def lines(self) -> list:
        """All of them, the oldest first."""
        return bytes(self.data[self.start : self.end]).decode().split("\n")[:-1]

    def store(self, data: bytes) -> None:
        """Append a line; the oldest make room for it."""
        if len(data) > self.limit:
            cut = self.limit - 1
            while data[cut] & 0xC0 == 0x80:  # never inside a character
                cut -= 1
            data = data[:cut] + b"\n"
        while self.room() < len(data):
            self.start = self.data.find(b"\n", self.start) + 1
        self.put(data)
