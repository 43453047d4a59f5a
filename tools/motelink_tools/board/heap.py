"""How much heap an interpreter needs for firmware to find what was asked for free.

MicroPython takes some of its heap before firmware starts: how much is measured at the first start
and kept for all later ones.
"""

from typing import ClassVar

from motelink_tools.board.process import Setup

_TOLERANCE = 512  # bytes by which the free heap may differ from what was asked for
_ATTEMPTS = 5
_FIRST_GUESS = 64 << 10


class Heap:
    """The heap of one board, in bytes."""

    _overheads: ClassVar[dict[tuple[object, ...], int]] = {}

    def __init__(self, setup: Setup) -> None:
        self._wanted = setup.heap
        self._key = (setup.interpreter, setup.firmware, setup.chip, setup.heap)
        self._attempts = 0

    def begin(self) -> None:
        """A reset: as many attempts as at first."""
        self._attempts = 0

    def size(self) -> int:
        """What to start the next process with."""
        self._attempts += 1
        return self._wanted + self._overheads.get(self._key, _FIRST_GUESS)

    def fits(self, free: int) -> bool:
        """Whether ``free``, which firmware finds, will do; if not, the next `size` is better."""
        missing = self._wanted - free
        if abs(missing) <= _TOLERANCE or self._attempts >= _ATTEMPTS:
            return True
        self._overheads[self._key] = self._overheads.get(self._key, _FIRST_GUESS) + missing
        return False
