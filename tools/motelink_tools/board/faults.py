"""What may happen to a virtual board, on demand: networks, power, clock and flash that fail.

The board's firmware finds the faults in a page of memory that it shares with the host: a byte for
each, in the order of `FAULTS`, then a 32-bit number for each. So a fault costs nothing while it
is not set, and it outlives resets, as it is of the board's surroundings. ``_virtual_faults`` in
the board's ROM is the other side.
"""

import mmap
import os
import struct
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from motelink_tools.errors import ToolError

PAGE_SIZE = 4096
_NUMBERS_AT = 16  # where the numbers are in the page; the flags are before them
_MOST = (1 << 30) - 1  # what MicroPython holds without a large int


@dataclass(frozen=True)
class FaultKind:
    """``what``: one sentence. ``unit``: of the value, or None where there is none; ``default``:
    the value, unless another is given. ``momentary``: it happens, and is over.
    """

    name: str
    title: str
    what: str
    unit: str | None = None
    default: float | None = None
    momentary: bool = False


FAULTS: tuple[FaultKind, ...] = (
    FaultKind(
        "wifi-loss",
        "Wi-Fi is lost",
        "The access point is gone: WLAN drops and cannot join, connections go silent.",
    ),
    FaultKind(
        "dns-hang",
        "DNS hangs",
        "Looking up a name blocks for so long, and then fails.",
        unit="s",
        default=10,
    ),
    FaultKind(
        "slow-link",
        "Slow link",
        "Sockets pass no more than so many bytes a second, in small pieces.",
        unit="bytes/s",
        default=1000,
    ),
    FaultKind(
        "power-cut",
        "Power cut",
        "The power goes at once and comes back: the board starts anew.",
        momentary=True,
    ),
    FaultKind(
        "brown-out",
        "Brown-out in a write",
        "The power goes in the middle of writing flash, after so many bytes more.",
        unit="bytes",
        default=100,
    ),
    FaultKind(
        "clock-unset",
        "Clock unset",
        "The clock shows what the chip starts with, and no time server can be reached.",
    ),
    FaultKind(
        "full-fs",
        "File system full",
        "No block of the file system is free: writes fail with ENOSPC.",
    ),
)
_KINDS = {kind.name: kind for kind in FAULTS}


def find(name: str) -> FaultKind:
    """ToolError for a name that no fault has."""
    try:
        return _KINDS[name]
    except KeyError:
        known = ", ".join(_KINDS)
        raise ToolError(f"no fault {name!r}; there are {known}", kind="no_fault") from None


class Faults:
    """The faults of one board; from any thread, also before it is started.

    ``changed`` is called after each change, ``cut_power`` for a power cut.
    """

    def __init__(self, changed: Callable[[], None], cut_power: Callable[[], None]) -> None:
        self.descriptor = os.memfd_create("motelink-faults")
        weakref.finalize(self, os.close, self.descriptor)
        os.ftruncate(self.descriptor, PAGE_SIZE)
        self._page = mmap.mmap(self.descriptor, PAGE_SIZE)
        self._changed = changed
        self._cut_power = cut_power

    @property
    def active(self) -> dict[str, object]:
        """The value of each fault that is set; None for one that takes no value."""
        return {
            kind.name: self._value(index) for index, kind in enumerate(FAULTS) if self._page[index]
        }

    def set(self, name: str, value: object = None) -> None:
        """Have it happen, from now on until `clear`; or now, if it is momentary. ToolError for an
        unknown name, or a value that it cannot have.
        """
        kind = find(name)
        number = _number(kind, value)
        if kind.momentary:
            self._cut_power()
            return
        index = FAULTS.index(kind)
        struct.pack_into("<I", self._page, _NUMBERS_AT + 4 * index, number)
        self._page[index] = 1
        self._changed()

    def clear(self, name: str) -> None:
        """All is well again; harmless when it was. ToolError for an unknown name."""
        kind = find(name)
        self._page[FAULTS.index(kind)] = 0
        self._changed()

    def _value(self, index: int) -> float | None:
        kind = FAULTS[index]
        if kind.unit is None:
            return None
        number: int = struct.unpack_from("<I", self._page, _NUMBERS_AT + 4 * index)[0]
        return number / 1000 if kind.unit == "s" else number


def _number(kind: FaultKind, value: object) -> int:
    """The value as the page has it: seconds are there in ms."""
    if value is None:
        value = kind.default
    elif kind.unit is None:
        raise ToolError(f"{kind.name} takes no value, got {value!r}", kind="fault_value")
    if value is None:
        return 0
    try:
        number = float(str(value))
        number = round(number * 1000) if kind.unit == "s" else int(number)
    except (ValueError, OverflowError):
        number = -1
    least = 0 if kind.unit == "bytes" else 1
    if not least <= number <= _MOST:
        raise ToolError(
            f"{kind.name}: expected a number of {kind.unit}, got {value!r}", kind="fault_value"
        )
    return number
