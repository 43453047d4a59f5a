"""One thread, one poll: waits until a socket is ready or a deadline comes, and calls its client.

A client is anything with

- ``sock``: what it watches, or None; it puts it into ``loop.poll`` and takes it out itself, and
  sets ``loop.moved`` then;
- ``deadline``: the `port.ticks_ms` at which it wants `turn`, at most 6 days ahead;
- ``turn(now)``: its deadline has come; it must set a later one;
- ``ready(events)``: the socket is ready (1: to read, 4: to write, others: broken);
- ``failed(error)``: ``turn`` or ``ready`` raised; it closes what it holds and backs off, so that
  one client's trouble never reaches another.

`step` allocates nothing, however long it waits.
"""

from motelink.port import poller, ticks_add, ticks_diff, ticks_ms


class Loop:
    """``clients``: those it runs. ``error``: the last final error of a client, or None.
    ``offline``, ``timeless``: there is no network, the time is not known: links wait before they
    connect, with ``timeless`` those over TLS."""

    def __init__(self) -> None:
        self.clients: list = []
        self.offline = False
        self.timeless = False
        self.error = None
        self.moved = False
        self.poll = poller()

    def add(self, client) -> None:
        """Run this client from the next step on; one that is not connected begins at once."""
        if not getattr(client, "connected", True):
            client.deadline = ticks_ms()  # its own may be so old that it seems to be ahead
        client.loop = self
        self.clients.append(client)

    def remove(self, client) -> None:
        """Let go of a client."""
        if client in self.clients:
            self.clients.remove(client)

    def step(self, ms: int = -1) -> None:
        """One turn: deadlines that have come, then at most ``ms`` (-1: no limit) of waiting for
        sockets, then those that are ready. Wanted at least every 6 days."""
        now = ticks_ms()
        for client in self.clients:
            left = ticks_diff(client.deadline, now)
            if left <= 0:
                left = 0
                try:
                    client.turn(now)
                except Exception as error:
                    client.failed(error)
            if ms < 0 or left < ms:
                ms = left
        self.moved = False
        for sock, events in self.poll.ipoll(ms):
            for client in self.clients:
                if client.sock is sock:
                    try:
                        client.ready(events)
                    except Exception as error:
                        client.failed(error)
                    break
            if self.moved:
                break  # the set under the iterator has changed; what is ready still is next time

    def run_for(self, ms: int) -> None:
        """Run for ``ms`` milliseconds (below 2**29), or until `stop`, or no client is left."""
        end = ticks_add(ticks_ms(), ms)
        self._going = True
        while ms > 0 and self.clients and self._going:
            self.step(ms)
            ms = ticks_diff(end, ticks_ms())

    def run(self) -> None:
        """Run until `stop`, or until no client is left; then raises their final error, if any."""
        self._going = True
        while self.clients and self._going:
            self.step()
        if self.error and not self.clients:
            raise self.error

    def stop(self) -> None:
        """Make `run` return after the current step."""
        self._going = False
