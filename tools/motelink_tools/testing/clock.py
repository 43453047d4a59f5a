"""The board's clock under test: time passes when firmware waits or when the test says so."""

import heapq
import itertools
import time as host_time
from collections.abc import Callable
from typing import TypeVar

TICKS_PERIOD = 1 << 30  # of time.ticks_ms on every 32-bit board
_FREE_READS = 1000
_READ_US = 1000
_FREE_TURNS = 10_000
_TURN_US = 10
_TURNS_A_STEP = 10  # paid for together, which is ten times less work
_LONGEST_STEP_US = 1_000_000
_LOOK_US = 20_000  # between two looks whether a condition of the test holds, in real time

T = TypeVar("T")


class Clock:
    """Time since power came to the board.

    Injected by default: it stands still while code runs, and moves by exactly what firmware
    sleeps, waits in ``select``, or the test advances. A loop that only reads the clock, a pin or
    the Wi-Fi status would never end so: after 1000 such reads without a sleep each one takes a
    millisecond, and after 10,000 turns of ``while`` loops each one takes 10 microseconds.

    With ``real=True`` it is the host's monotonic clock and waiting takes its time, for firmware
    that talks to a real server.
    """

    def __init__(self, *, real: bool = False) -> None:
        self.real = real
        self.ticks_at_boot = 0
        """What ``time.ticks_ms()`` starts from at a boot; 2**30 - 1000 wraps a second later."""
        self.due_in_ms: Callable[[], int] = lambda: -1  # the board's own next event; -1: none
        self.run_due: Callable[[], None] = lambda: None
        self.on_stop: Callable[[], None] = lambda: None
        self._us = 0
        self._started = host_time.monotonic_ns()
        self._boot_us = 0
        self._stop_us: int | None = None
        self._until: Callable[[], object] | None = None
        self._reads = 0
        self._turns = 0
        self._waiting = 0
        self._script: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()

    @property
    def now_us(self) -> int:
        if self.real:
            return self._us + (host_time.monotonic_ns() - self._started) // 1000
        return self._us

    @property
    def now_ms(self) -> int:
        """Milliseconds since power came; does not wrap and is not reset by a reset."""
        return self.now_us // 1000

    def advance(self, ms: float) -> None:
        """Let time pass; everything that falls due happens, in order."""
        self.wait(_nothing, round(ms * 1000))

    def at(self, ms: float, action: Callable[..., object], *args: object) -> None:
        """Call ``action(*args)`` when the clock reads ``ms`` since power came."""
        entry = (round(ms * 1000), next(self._order), lambda: action(*args))
        heapq.heappush(self._script, entry)

    def after(self, ms: float, action: Callable[..., object], *args: object) -> None:
        """Call ``action(*args)`` in ``ms``."""
        self.at(self.now_us / 1000 + ms, action, *args)

    def ticks_ms(self) -> int:
        """What ``time.ticks_ms()`` says on the board, without the cost of a read."""
        return (self.ticks_at_boot + (self.now_us - self._boot_us) // 1000) % TICKS_PERIOD

    def ticks_us(self) -> int:
        return (self.ticks_at_boot * 1000 + self.now_us - self._boot_us) % TICKS_PERIOD

    def restart_ticks(self) -> None:
        self._boot_us = self.now_us

    def stop(self, ms: float | None = None, until: Callable[[], object] | None = None) -> None:
        """From ``ms`` on (None: never), and whenever ``until()`` is true, a wait calls
        ``on_stop``, which raises.
        """
        self._stop_us = None if ms is None else self.now_us + round(ms * 1000)
        self._until = until

    def read(self) -> None:
        """A read by firmware of something that changes only as time passes."""
        self._reads += 1
        if self._reads > _FREE_READS and not self.real and not self._waiting:
            self._pass(_nothing, _READ_US)

    def turn(self) -> None:
        """A turn of a loop of the firmware."""
        self._turns += 1
        if self._turns <= _FREE_TURNS or self._turns % _TURNS_A_STEP or self.real:
            return
        if not self._waiting:
            self._pass(_nothing, _TURN_US * _TURNS_A_STEP)

    def sleep_us(self, us: float) -> None:
        """A sleep by firmware."""
        self.wait(_nothing, max(0, round(us)))

    def wait(self, poll: Callable[[float], T], us: int | None) -> T:
        """Let time pass until ``poll`` returns something true, at most ``us``; None: for ever.

        ``poll(seconds)`` may really wait that long. Returns what it returned last.
        """
        if self._until is not None and self._until():
            self.on_stop()
        if us == 0:
            self.read()
        else:
            self._reads = self._turns = 0
        return self._pass(poll, us)

    def _pass(self, poll: Callable[[float], T], us: int | None) -> T:
        end = None if us is None else self.now_us + us
        self._waiting += 1
        try:
            while True:
                step = self._step(end)
                found = poll(step / 1e6 if self.real else 0)
                if not found and not self.real:
                    self._us += step
                self._fall_due()
                if found or (end is not None and self.now_us >= end):
                    return found
        finally:
            self._waiting -= 1

    def _step(self, end: int | None) -> int:
        """Microseconds until something may happen."""
        now = self.now_us
        until = [end, self._stop_us, self._script[0][0] if self._script else None]
        steps = [instant - now for instant in until if instant is not None]
        due_in_ms = self.due_in_ms()
        if due_in_ms >= 0:
            steps.append(due_in_ms * 1000)
        if self._until is not None and self.real:
            steps.append(_LOOK_US)
        return max(0, min(steps, default=_LONGEST_STEP_US))

    def _fall_due(self) -> None:
        while self._script and self._script[0][0] <= self.now_us:
            heapq.heappop(self._script)[2]()
        self.run_due()
        over = self._stop_us is not None and self.now_us >= self._stop_us
        if over or (self._until is not None and self._until()):
            self.on_stop()


def _nothing(seconds: float) -> None:
    if seconds:
        host_time.sleep(seconds)
