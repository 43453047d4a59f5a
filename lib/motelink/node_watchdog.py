"""The watchdog is fed while the loop turns and every client meets its deadlines.

A client that is late by the watchdog's own time is stuck: nothing feeds it any more. What blocks
for longer in one go (a handler, or a resolver without an answer) is not waited for either. A TLS
handshake comes in steps between which the loop turns.
"""

from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_FEED_MS = const(1000)


class Watchdog:
    """A client of the loop. ``wdt``: a `machine.WDT` of ``late`` milliseconds, or None. ``ms``: so
    long after its start the boot has lived, as `node_guard` is told once; 0 for never. Allocates
    nothing."""

    sock = const(None)
    loop = const(None)

    def __init__(self, wdt, late: int, ms: int):
        self.wdt = wdt
        self.late = late
        self.ms = ms
        self.since = self.deadline = ticks_ms()

    def turn(self, now: int) -> None:
        """Feed it, unless somebody is stuck; called by the loop."""
        self.deadline = ticks_add(now, min(_FEED_MS, self.late >> 1))
        if self.ms and ticks_diff(now, self.since) >= self.ms:
            from motelink import node_guard

            try:
                node_guard.clear()
                self.ms = 0
            except (OSError, MemoryError):
                pass  # again in a second
        for client in self.loop.clients:
            if ticks_diff(now, client.deadline) > self.late:
                return
        if self.wdt:
            self.wdt.feed()
