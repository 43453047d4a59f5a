"""What is remembered of each device: its last messages, and its last numbers. All bounded."""

from __future__ import annotations

from array import array
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from motelink_tools.hub.web.values import NAMES

Json = dict[str, Any]
Key = tuple[str, str]  # platform, device id

MESSAGES = 100
POINTS = 600
# Devices with details; of those beyond, the ones longest silent have none.
DEVICES = 512
# Of a message, as it is shown. Numbers are looked for in as much as the feed gets.
SHOWN_BYTES = 1024


class Series:
    """The last `POINTS` of one number; 16 bytes each. ``count``: how many there ever were."""

    def __init__(self) -> None:
        self.count = 0
        self._times = array("d")
        self._values = array("d")

    def add(self, time: float, value: float) -> None:
        """One more."""
        self.count += 1
        self._times.append(time)
        self._values.append(value)
        if len(self._times) >= 2 * POINTS:
            del self._times[:-POINTS]
            del self._values[:-POINTS]

    def since(self, count: int) -> Json:
        """Those after the first ``count``, as far as they are here."""
        new = min(self.count - count, POINTS, len(self._times))
        start = len(self._times) - new
        return {"t": self._times[start:].tolist(), "v": self._values[start:].tolist()}

    @property
    def last(self) -> float | None:
        """The newest."""
        return self._values[-1] if self._values else None


@dataclass(slots=True)
class Detail:
    """Of one device. ``number``: of the last message."""

    messages: deque[Json] = field(default_factory=lambda: deque(maxlen=MESSAGES))
    series: dict[str, Series] = field(default_factory=dict)
    number: int = 0

    def message(self, time: float, way: str, size: int, beginning: bytes) -> None:
        """One came or went."""
        self.number += 1
        shown = beginning[:SHOWN_BYTES]
        # Some platforms show less than came: what is around a value is nobody's concern.
        text = shown.decode(errors="replace")
        self.messages.append(
            {
                "number": self.number,
                "time": time,
                "way": way,
                "size": size,
                "text": text,
                "hex": shown[:64].hex(" ") if "\ufffd" in text else None,
                "cut": len(beginning) > len(shown),
            }
        )

    def add(self, time: float, found: dict[str, float]) -> None:
        """Numbers that were in something. A device has at most `NAMES`."""
        for name, value in found.items():
            series = self.series.get(name)
            if series is None:
                if len(self.series) >= NAMES:
                    continue
                series = self.series[name] = Series()
            series.add(time, value)


class Details:
    """By device; the one longest silent goes first."""

    def __init__(self) -> None:
        self._all: OrderedDict[Key, Detail] = OrderedDict()

    def get(self, key: Key) -> Detail | None:
        """What there is."""
        return self._all.get(key)

    def touch(self, key: Key) -> Detail:
        """To add something to."""
        detail = self._all.get(key)
        if detail is None:
            detail = self._all[key] = Detail()
            if len(self._all) > DEVICES:
                self._all.popitem(last=False)
        else:
            self._all.move_to_end(key)
        return detail
