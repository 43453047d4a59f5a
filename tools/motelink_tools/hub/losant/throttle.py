"""Losant's limits on rate, per device: 30 messages in 15 seconds on a topic.

A device that exceeds it is disconnected and not let in again for 30 seconds; the time doubles
whenever it happens again within an hour, up to an hour.
"""

from __future__ import annotations

from collections import deque

MESSAGES = 30
WINDOW_S = 15.0
FIRST_BAN_S = 30.0
LONGEST_BAN_S = 3600.0


class Throttle:
    """For one device and topic. Times are seconds of a clock that only goes forward."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MESSAGES)
        self._ban_s = 0.0
        self._banned_until = 0.0

    def allows(self, now: float) -> bool:
        """Count a message. False: it exceeds the limit, and a ban has begun."""
        if self.banned_s(now):
            return False
        if len(self._times) < MESSAGES or now - self._times[0] >= WINDOW_S:
            self._times.append(now)
            return True
        again = now - self._banned_until < LONGEST_BAN_S
        self._ban_s = min(2 * self._ban_s, LONGEST_BAN_S) if self._ban_s and again else FIRST_BAN_S
        self._banned_until = now + self._ban_s
        return False

    def banned_s(self, now: float) -> float:
        """For how many seconds it is still kept out; 0 when it is not."""
        return max(0.0, self._banned_until - now)
