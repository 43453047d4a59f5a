"""The watchdog is fed while the loop turns and every client meets its deadlines.

A client that is late by the watchdog's own time is stuck: nothing feeds it any more. What blocks
for longer in one go (a handler, or a resolver without an answer) is not waited for either. A TLS
handshake comes in steps between which the loop turns.
"""

from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_FEED_MS = const(1000)


class _Client:
    # The compiler takes a constant's name only once a module.
    sock = const(None)
    loop = const(None)


class Watchdog(_Client):
    """A client of the loop. ``wdt``: a `machine.WDT` of ``ms`` milliseconds. Allocates nothing."""

    def __init__(self, wdt, ms: int):
        self.wdt = wdt
        self.late = ms
        self.deadline = ticks_ms()

    def turn(self, now: int) -> None:
        """Feed it, unless somebody is stuck; called by the loop."""
        self.deadline = ticks_add(now, min(_FEED_MS, self.late >> 1))
        for client in self.loop.clients:
            if ticks_diff(now, client.deadline) > self.late:
                return
        self.wdt.feed()


class Trial(_Client):
    """A client of the loop that says when a boot has lived long enough."""

    def __init__(self, ms: int):
        self.deadline = ticks_add(ticks_ms(), ms)

    def turn(self, _now: int) -> None:
        """It has; called by the loop."""
        self.loop.remove(self)
        from motelink import node_guard

        node_guard.clear()
