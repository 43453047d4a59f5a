"""The hub's log, as the page shows it: the last lines, in memory."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

_LINES = 1000
_CHARACTERS = 2000


class LogRing(logging.Handler):
    """A handler for the root logger; `add` takes what is no log record. Any thread.

    ``number``: of the last line.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.number = 0
        self._lines: deque[dict[str, Any]] = deque(maxlen=_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """A line from the log. What is wrong with its arguments is nobody's concern here."""
        try:
            text = record.getMessage()
            if record.exc_info and record.exc_info[1] is not None:
                text += f": {record.exc_info[1]!r}"
        except Exception:
            self.handleError(record)
            return
        who = record.name.removeprefix("motelink.").strip("[]").lower()
        self.add(record.created, record.levelname.lower(), who, text)

    def add(self, time: float, level: str, platform: str, text: str, device: str = "") -> None:
        """One more line."""
        self.acquire()
        try:
            self.number += 1
            self._lines.append(
                {
                    "number": self.number,
                    "time": time,
                    "level": level,
                    "platform": platform,
                    "device": device,
                    "text": text[:_CHARACTERS],
                }
            )
        finally:
            self.release()

    def after(self, number: int) -> list[dict[str, Any]]:
        """The lines after one, oldest first, as far as they are here."""
        self.acquire()
        try:
            return [line for line in self._lines if line["number"] > number]
        finally:
            self.release()
