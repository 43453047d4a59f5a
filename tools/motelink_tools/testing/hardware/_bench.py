"""The bench under the fake hardware: which board this is, what falls due, and who is told.

The fake modules beside this file share it, on CPython under the pytest plugin and on the virtual
board. Whoever runs the firmware sets the names below before the firmware starts. Time is that of
``time.ticks_ms``: injected in tests, real on the virtual board. Nothing runs by itself: timers and
the watchdog act when ``run_due`` is called, which the clock of the tests does as it advances; the
virtual board has to poll it.
"""

import sys
import time

platform = "esp32"  # or "rp2": whose constants, limits and errors the fakes follow
unique_id = b"\x02\x00\x00\x00\x00\x01"  # 6 bytes on esp32, 8 on rp2; the Wi-Fi MAC follows it
watchdog_max_ms = 8388
freq_hz = 160000000
pins = 49  # GPIO numbers end below this
input_only = ()  # GPIO numbers that cannot drive
led = None  # what Pin("LED") stands for; None where a board has no such name
temperature = 25.0  # degrees Celsius, in the chip
record = False  # True: lines and buses keep histories, which grow; for hosts only
state_file = None  # where the committed NVS is kept; None: in memory only
rtc_file = None  # likewise RTC memory; who starts the board removes it when the power was away
now = time.ticks_ms
stamp = time.ticks_ms  # what histories are dated with
set_time = None  # f(seconds since the port's epoch): moves time.time(); None: only the RTC moves
on_restart = []  # f(kind): each fake forgets what its hardware would forget

_LONGEST_MS = 536870911  # half the period of ticks_ms
_events = []


class Event:
    """A callback that falls due: once, or every ``period_ms``. Limits: 1 ms to 6 days."""

    def __init__(self, delay_ms, callback, argument=None, period_ms=0):
        if not 0 <= delay_ms <= _LONGEST_MS:
            raise ValueError("expected a delay of 0 to 536870911 ms, got %r" % (delay_ms,))
        self.at = time.ticks_add(now(), delay_ms)
        self.callback = callback
        self.argument = argument
        self.period_ms = period_ms
        _events.append(self)

    def cancel(self):
        if self in _events:
            _events.remove(self)


def _first():
    first = None
    for event in _events:
        if first is None or time.ticks_diff(event.at, first.at) < 0:
            first = event
    return first


def next_due_ms():
    """Milliseconds until the next event (0 when overdue), or -1 when there is none."""
    event = _first()
    if event is None:
        return -1
    return max(0, time.ticks_diff(event.at, now()))


def run_due():
    """Call everything that has fallen due, the oldest first."""
    while True:
        event = _first()
        if event is None or time.ticks_diff(event.at, now()) > 0:
            return
        if event.period_ms:  # from when it was due, so that it does not drift
            event.at = time.ticks_add(event.at, event.period_ms)
        else:
            _events.remove(event)
        call(event.callback, event.argument)


def call(handler, argument):
    """Call a handler as an interrupt does: what it raises is printed and ends there."""
    try:
        handler(argument)
    except Exception as error:
        print("Uncaught exception in interrupt handler")
        sys.print_exception(error)


def cancel_all():
    _events.clear()


def restart(kind):
    """Forget what a board forgets; ``kind`` is the word that machine's ``_on_reset`` was given."""
    cancel_all()
    for forget in on_restart:
        forget(kind)
