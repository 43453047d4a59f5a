"""The last of what a board has printed. Any thread."""

from __future__ import annotations

import codecs
import threading
from collections import deque

CHARACTERS = 64 * 1024


class Scrollback:
    """At most `CHARACTERS`, and one piece more. ``count``: how many there ever were."""

    def __init__(self) -> None:
        self.count = 0
        self._kept = 0
        self._pieces: deque[str] = deque()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lock = threading.Lock()

    def add(self, data: bytes) -> None:
        """It has printed this; a character may come in pieces."""
        with self._lock:
            text = self._decoder.decode(data)[-CHARACTERS:]
            self.count += len(text)
            self._kept += len(text)
            self._pieces.append(text)
            while self._kept - len(self._pieces[0]) >= CHARACTERS:
                self._kept -= len(self._pieces.popleft())

    def after(self, count: int) -> tuple[str, int]:
        """What came after the first ``count`` characters, and the count now; the beginning is
        missing if it is here no more.
        """
        with self._lock:
            new = min(self.count - count, self._kept)
            if new <= 0:
                return "", self.count
            pieces: list[str] = []
            missing = new
            for piece in reversed(self._pieces):
                pieces.append(piece[-missing:])
                missing -= len(pieces[-1])
                if not missing:
                    break
            return "".join(reversed(pieces)), self.count
