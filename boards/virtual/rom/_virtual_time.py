"""``time`` as a board has it: while firmware sleeps, timers of the fake hardware call back."""

from time import *  # noqa: F403
from time import sleep_ms as _sleep_ms
from time import ticks_add, ticks_diff, ticks_ms

import _bench

__name__ = "time"


def sleep_ms(ms):
    """Allocates nothing, but for what the timers' handlers allocate."""
    end = ticks_add(ticks_ms(), ms)
    while True:
        left = ticks_diff(end, ticks_ms())
        due = _bench.next_due_ms()
        if due < 0 or due >= left:
            _sleep_ms(left if left > 0 else 0)
            return
        _sleep_ms(due)
        _bench.run_due()


def sleep(seconds):
    sleep_ms(int(seconds * 1000))
