"""How long to wait before the next attempt: exponential, full jitter, capped.

Full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): after n failures wait
anything from 0 to ``min(cap, base * 2**n)``, so that a fleet that lost its server together does
not come back together. 0 is a possible wait; the mean is half the ceiling.

The ceiling doubles once twice so long has been waited, not with each failure: where attempts fail
at once, short waits by chance would else lead to a long one. So no wait is longer than ``base`` or
than all those before together, and behind a short outage a fleet is back soon.
"""

from motelink import port
from motelink.errors import ConfigError

const = port.const

# Deadlines are compared with ticks_diff, which sees less than 2**29 ms (6 days) ahead.
_LONGEST_MS = const((1 << 29) - 1)


class Backoff:
    """``base_ms``: the first ceiling; ``cap_ms``: the last one, at most 6 days.

    ``rand(n)`` gives n random bits. Raises ConfigError. Allocates nothing after the constructor.
    """

    def __init__(self, base_ms: int = 1000, cap_ms: int = 60000, rand=port.getrandbits):
        if not 0 < base_ms <= cap_ms <= _LONGEST_MS:
            raise ConfigError(
                "backoff wants 0 < base_ms <= cap_ms < 2**29, got %s and %s" % (base_ms, cap_ms)
            )
        self.base_ms = base_ms
        self.cap_ms = cap_ms
        self.rand = rand
        self._ceiling = base_ms
        self._waited = 0

    def next(self) -> int:
        """Milliseconds to wait after one more failure, 0 to the ceiling.

        The remainder favours the lower part by cap/2**30 at most: 0.006 % at a minute.
        """
        ceiling = self._ceiling
        wait = self.rand(30) % (ceiling + 1)
        if ceiling < self.cap_ms:
            self._waited += wait
            if self._waited >= ceiling << 1:
                self._ceiling = ceiling << 1 if ceiling <= self.cap_ms >> 1 else self.cap_ms
        return wait

    def reset(self) -> None:
        """The connection held: start from ``base_ms`` again."""
        self._ceiling = self.base_ms
        self._waited = 0
