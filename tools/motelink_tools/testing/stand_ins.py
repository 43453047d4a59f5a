"""``time``, ``gc`` and ``sys`` as firmware knows them, on the board's clock and console."""

import calendar
import gc
import io
import sys
import time
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import IO, Any

from motelink_tools.testing.clock import TICKS_PERIOD, Clock

_HALF = TICKS_PERIOD // 2
BrokenDown = tuple[int, int, int, int, int, int, int, int]


class WallClock:
    """The board's RTC: what ``time.time()`` says, in seconds since the port's epoch.

    ``epoch`` is that epoch in seconds since 1970, ``unset`` what the RTC shows without a battery.
    """

    def __init__(self, clock: Clock, epoch: int, unset: int) -> None:
        self.epoch = epoch
        self._clock = clock
        self._unset = unset
        self._base_us = 0
        self.power_on()

    def power_on(self) -> None:
        self.set(self._unset - self.epoch)

    def set(self, seconds: int) -> None:
        self._base_us = (self.epoch + seconds) * 1_000_000 - self._clock.now_us

    @property
    def unix_time(self) -> float:
        """Seconds since 1970 by the board's RTC, right or wrong."""
        return (self._base_us + self._clock.now_us) / 1e6

    def time(self) -> int:
        return int(self.unix_time) - self.epoch

    def time_ns(self) -> int:
        return (self._base_us + self._clock.now_us) * 1000 - self.epoch * 1_000_000_000

    def gmtime(self, seconds: float | None = None) -> BrokenDown:
        """(year, month, day, hour, minute, second, weekday, yearday); the board has no zones."""
        at = self.time() if seconds is None else int(seconds)
        found = time.gmtime(at + self.epoch)
        return (*found[:6], found.tm_wday, found.tm_yday)

    def mktime(self, broken: BrokenDown) -> int:
        return calendar.timegm((*broken[:6], 0, 0, 0)) - self.epoch


def time_module(clock: Clock, wall: WallClock) -> ModuleType:
    """The board's ``time``: the host's, but nothing in it tells or spends the host's time."""

    def counted(get: Callable[[], int]) -> Callable[[], int]:
        def read() -> int:
            clock.read()
            return get()

        return read

    module = ModuleType("time")
    vars(module).update(
        vars(time),
        ticks_ms=counted(clock.ticks_ms),
        ticks_us=counted(clock.ticks_us),
        ticks_cpu=counted(clock.ticks_us),
        ticks_add=lambda ticks, delta: (ticks + delta) % TICKS_PERIOD,
        ticks_diff=lambda end, start: (end - start + _HALF) % TICKS_PERIOD - _HALF,
        sleep=lambda seconds: clock.sleep_us(seconds * 1_000_000),
        sleep_ms=lambda ms: clock.sleep_us(ms * 1000),
        sleep_us=clock.sleep_us,
        time=counted(wall.time),
        time_ns=counted(wall.time_ns),
        gmtime=wall.gmtime,
        localtime=wall.gmtime,
        mktime=wall.mktime,
        monotonic=lambda: counted(lambda: clock.now_us)() / 1e6,
        monotonic_ns=lambda: counted(lambda: clock.now_us)() * 1000,
    )
    return module


def gc_module(mem_free: Callable[[], int], heap_bytes: int) -> ModuleType:
    """The board's ``gc``. Collecting does nothing: the host's heap says nothing of a board's."""
    module = ModuleType("gc")
    vars(module).update(
        vars(gc),
        collect=lambda: None,
        mem_free=mem_free,
        mem_alloc=lambda: max(0, heap_bytes - mem_free()),
        threshold=lambda *_: -1,
    )
    return module


class Console(io.TextIOBase):
    """What the board prints: kept, and shown on the host's stdout for pytest to capture."""

    def __init__(self) -> None:
        self._written: list[str] = []

    def write(self, text: str | bytes) -> int:
        text = text if isinstance(text, str) else text.decode("utf-8", "replace")
        self._written.append(text)
        return sys.stdout.write(text)

    def mark(self) -> int:
        return len(self._written)

    def since(self, mark: int) -> str:
        return "".join(self._written[mark:])

    def print(self, *values: object, sep: str = " ", end: str = "\n", file: Any = None) -> None:
        (file or self).write(sep.join(map(str, values)) + end)

    def print_exception(self, error: BaseException, file: IO[str] | None = None) -> None:
        """``sys.print_exception``; the frames of the test machinery are left out."""
        shown = traceback.TracebackException.from_exception(error)
        shown.stack = traceback.StackSummary.from_list(
            [frame for frame in shown.stack if "motelink_tools" not in frame.filename]
        )
        (file or self).write("".join(shown.format(chain=False)))


def sys_module(console: Console, platform: str, modules: dict[str, ModuleType]) -> ModuleType:
    """The board's ``sys``. ``implementation`` stays the host's: the language is CPython's."""
    module = ModuleType("sys")
    vars(module).update(
        vars(sys),
        platform=platform,
        path=["", ".frozen", "/lib"],
        argv=[],
        modules=modules,
        stdout=console,
        stderr=console,
        print_exception=console.print_exception,
    )
    return module
