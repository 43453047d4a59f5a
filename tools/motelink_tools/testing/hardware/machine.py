"""A fake ``machine`` for CPython under pytest and for the virtual board.

``reset()`` and its kind end in ``_on_reset(kind, ms)``, which whoever runs the board sets and
which never returns.
"""

import time

import _bench
from _machine_buses import I2C, SPI, UART, SoftI2C, SoftSPI  # noqa: F401
from _machine_pins import ADC, PWM, Pin, Signal, time_pulse_us  # noqa: F401

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
PIN_WAKE = 2
TIMER_WAKE = 4

_on_reset = None  # f(kind, ms): kind is hard, soft, watchdog, deepsleep or bootloader
_on_feed = None  # f(timeout_ms): a watchdog was started or fed
_cause = PWRON_RESET
_watchdog = None
_freq = _bench.freq_hz
_rtc_offset = 0  # seconds from time.time() to the RTC, where time.time() cannot be moved
_rtc_memory = None  # not read yet
_irqs_off = 0


def _leave(kind, ms=0):
    if _on_reset is not None:
        _on_reset(kind, ms)
    raise SystemExit(kind)


def reset():
    _leave("hard")


def soft_reset():
    _leave("soft")


def bootloader(timeout=0):
    _leave("bootloader")


def deepsleep(ms=0):
    """``ms`` 0: until a pin wakes the board."""
    _leave("deepsleep", ms)


def lightsleep(ms=0):
    time.sleep_ms(ms)


sleep = lightsleep


def idle():
    time.sleep_ms(1)


def reset_cause():
    return _cause


def wake_reason():
    return TIMER_WAKE if _cause == DEEPSLEEP_RESET else 0


def unique_id():
    return _bench.unique_id


def freq(hz=None):
    global _freq
    if hz is None:
        return _freq
    _freq = hz


def disable_irq():
    """Counted only: nothing here interrupts."""
    global _irqs_off
    _irqs_off += 1
    return _irqs_off - 1


def enable_irq(state=0):
    global _irqs_off
    _irqs_off = state


class WDT:
    """Cannot be stopped once started; when it expires the board resets, kind "watchdog".

    Raises ValueError for a timeout above what the board's hardware can count, and on esp32 for
    less than a second.
    """

    def __init__(self, id=0, timeout=5000):
        global _watchdog
        if timeout > _bench.watchdog_max_ms:
            raise ValueError("timeout exceeds %d" % _bench.watchdog_max_ms)
        if timeout < (1000 if _bench.platform == "esp32" else 1):
            raise ValueError("WDT timeout too short")
        if _watchdog is not None:
            _watchdog._event.cancel()
        self.timeout_ms = timeout
        self.feeds = 0
        self._event = _bench.Event(timeout, self._expire)
        _watchdog = self
        if _on_feed is not None:
            _on_feed(timeout)

    def feed(self):
        """Allocates nothing."""
        self.feeds += 1
        self._event.at = time.ticks_add(_bench.now(), self.timeout_ms)
        if _on_feed is not None:
            _on_feed(self.timeout_ms)

    def expired(self):
        return time.ticks_diff(self._event.at, _bench.now()) <= 0

    def _expire(self, _):
        _leave("watchdog")


class RTC:
    """Keeps time over resets of every kind but a power cycle; so does ``memory``."""

    def __init__(self, id=0):
        pass

    def datetime(self, value=None):
        """(year, month, day, weekday, hour, minute, second, subsecond)"""
        global _rtc_offset
        if value is None:
            now = time.localtime(time.time() + _rtc_offset)
            return (now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0)
        year, month, day, _, hour, minute, second, _ = value
        seconds = time.mktime((year, month, day, hour, minute, second, 0, 0))
        if _bench.set_time is not None:
            _bench.set_time(seconds)
        else:
            _rtc_offset = seconds - time.time()

    init = datetime

    def memory(self, data=None):
        """At most 2048 bytes, as on ESP32."""
        global _rtc_memory
        if data is None:
            if _rtc_memory is None:
                _rtc_memory = _read(_bench.rtc_file)
            return _rtc_memory
        if len(data) > 2048:
            raise ValueError("buffer too long")
        _rtc_memory = bytes(data)
        if _bench.rtc_file is not None:
            with open(_bench.rtc_file, "wb") as file:
                file.write(_rtc_memory)


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, TypeError):  # nothing is there; it is kept nowhere
        return b""


class Timer:
    """Calls back when time is advanced (pytest) or when the bench is polled (virtual board)."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **settings):
        self.id = id
        self._event = None
        if settings:
            self.init(**settings)

    def init(self, *, mode=PERIODIC, freq=0, period=-1, callback=None):
        self.deinit()
        if freq:
            period = int(1000 / freq) or 1
        if period < 1 or callback is None:
            return
        self._event = _bench.Event(
            period, self._tick, callback, period if mode == self.PERIODIC else 0
        )

    def deinit(self):
        if self._event is not None:
            self._event.cancel()
            self._event = None

    def _tick(self, callback):
        callback(self)


def _forget(kind):
    global _watchdog, _cause, _rtc_memory, _rtc_offset, _irqs_off
    _watchdog = None
    _irqs_off = 0
    _cause = {
        "power": PWRON_RESET,
        "hard": WDT_RESET if _bench.platform == "rp2" else HARD_RESET,
        "watchdog": WDT_RESET,
        "deepsleep": WDT_RESET if _bench.platform == "rp2" else DEEPSLEEP_RESET,
        "soft": _cause if _bench.platform == "rp2" else SOFT_RESET,
    }.get(kind, PWRON_RESET)
    if kind == "power":
        _rtc_memory = b""
        _rtc_offset = 0


_bench.on_restart.append(_forget)
