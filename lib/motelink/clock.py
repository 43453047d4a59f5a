"""Two clocks in one: time since start, which only goes forward, and the time of day, if known.

Ticks wrap every 12 days; uptime does not. It is kept as whole seconds and a rest, so that it stays
within small ints for 34 years and allocates nothing.
"""

from motelink import port

_ticks_diff = port.ticks_diff

EARLIEST = 1704067200
"""2024-01-01 in seconds since 1970. An RTC that says less has never been set."""


class Clock:
    """``seconds`` and ``ms`` (0..999): uptime at the last `poll`.

    ``ticks()``: milliseconds, as `port.ticks_ms`. ``rtc()``: seconds since 1970, as
    `port.unix_time`, anything before 2024 while it is not set. ``drift``: by how many
    milliseconds it was behind when it was last set though known; None before.
    """

    drift = port.const(None)

    def __init__(self, ticks=port.ticks_ms, rtc=port.unix_time):
        self.seconds = 0
        self.ms = 0
        self._ticks = ticks
        self._rtc = rtc
        self._last = ticks()
        self._epoch = 0  # seconds since 1970 at second 0 of uptime; 0: not set by `set`
        self._epoch_ms = 0
        self._known = False

    def poll(self) -> int:
        """Bring uptime up to now; returns its whole seconds. Allocates nothing.

        To be called at least every 6 days: later, time is lost, but none is ever taken back.
        """
        now = self._ticks()
        passed = _ticks_diff(now, self._last)
        self._last = now
        if passed > 0:
            passed += self.ms
            self.seconds += passed // 1000
            self.ms = passed % 1000
        return self.seconds

    def known(self) -> bool:
        """Whether the time of day is known: from `set`, or from an RTC that has been set.

        Allocates only while it is not.
        """
        if not self._known:
            self._known = self._rtc() >= EARLIEST
        return self._known

    def set(self, unix_s: int, ms: int = 0) -> None:
        """Now is ``unix_s`` seconds and ``ms`` after 1970 (from NTP). Raises ValueError before
        2024, which no server can mean. Allocates one large int.
        """
        if unix_s < EARLIEST:
            raise ValueError("a time before 2024: %d" % unix_s)
        self.poll()
        self._epoch = unix_s - self.seconds
        self._epoch_ms = ms - self.ms
        self._known = True

    def unix_ms(self):
        """Milliseconds since 1970, or None while unknown. Whole seconds until `set` was called,
        for an RTC tells no more. Allocates: a large int.
        """
        if not self.known():
            return None
        if not self._epoch:
            return self._rtc() * 1000
        return (self._epoch + self.poll()) * 1000 + self._epoch_ms + self.ms
