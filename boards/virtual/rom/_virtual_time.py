"""``time`` as a board has it: while firmware sleeps, timers of the fake hardware call back; what
the RTC is set to is the time; and the fault clock-unset unsets it.
"""

from time import *  # noqa: F403
from time import gmtime as _gmtime
from time import localtime as _localtime
from time import sleep_ms as _sleep_ms
from time import ticks_add, ticks_diff, ticks_ms
from time import time as _time

import _bench
import _virtual_faults as faults

__name__ = "time"
# What the chips begin with when power comes: 2000 and 2021.
_UNSET = {"esp32": 946684800, "rp2": 1609459200}
_offset = 0
_started = ticks_ms()


def time():
    now = _time()
    if faults.page[faults.CLOCK_UNSET]:
        now = _UNSET[_bench.platform] + ticks_diff(ticks_ms(), _started) // 1000
    return now + _offset if _offset else now


def time_ns():
    return time() * 1000000000


def gmtime(seconds=None):
    return _gmtime(time() if seconds is None else seconds)


def localtime(seconds=None):
    return _localtime(time() if seconds is None else seconds)


def set_time(seconds):
    """The RTC was set."""
    global _offset
    _offset = 0
    _offset = int(seconds - time())


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
