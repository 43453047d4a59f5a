"""One thread, one poll: waits until a socket is ready or a deadline comes, and calls its client.

A client is anything with

- ``deadline``: the `port.ticks_ms` at which it wants `turn`, at most 6 days ahead;
- ``turn(now)``: its deadline has come; it must set a later one;
- ``ready(events)``: the socket it watches is ready (`port.POLL_IN`, POLL_OUT, POLL_BROKEN);
- ``failed(error)``: ``turn`` or ``ready`` raised; it closes what it holds and backs off, so that
  one client's trouble never reaches another.

`step` allocates nothing, however long it waits.
"""

from motelink import port

_ticks_ms = port.ticks_ms
_ticks_diff = port.ticks_diff


class Loop:
    """``clients``: those it runs. ``error``: the last final error of a client, or None."""

    def __init__(self):
        self.clients = []
        self.error = None
        self._poll = port.poller()
        self._owners = {}
        self._moved = False
        self._stopped = False

    def add(self, client) -> None:
        """Run this client from the next step on."""
        client.loop = self
        self.clients.append(client)

    def remove(self, client, error=None) -> None:
        """Let go of a client; ``error`` is why it ended, when it did not end by itself."""
        if client in self.clients:
            self.clients.remove(client)
        self.error = error or self.error
        self._moved = True

    def watch(self, sock, events: int, client) -> None:
        """Call ``client.ready`` when ``sock`` is ready for any of ``events``."""
        self._owners[sock] = client
        self._poll.register(sock, events)
        self._moved = True

    def change(self, sock, events: int) -> None:
        """Watch ``sock`` for other events."""
        self._poll.modify(sock, events)

    def unwatch(self, sock) -> None:
        """Forget ``sock``; to be called before it is closed."""
        if self._owners.pop(sock, None) is not None:
            self._poll.unregister(sock)
        self._moved = True

    def step(self, ms: int = -1) -> None:
        """One turn: deadlines that have come, then at most ``ms`` (-1: no limit) of waiting for
        sockets, then those that are ready."""
        now = _ticks_ms()
        for client in self.clients:
            left = _ticks_diff(client.deadline, now)
            if left <= 0:
                left = 0
                try:
                    client.turn(now)
                except Exception as error:
                    client.failed(error)
            if ms < 0 or left < ms:
                ms = left
        self._moved = False
        for sock, events in self._poll.ipoll(ms):
            client = self._owners[sock]
            try:
                client.ready(events)
            except Exception as error:
                client.failed(error)
            if self._moved:
                break  # the set under the iterator has changed; what is ready still is next time

    def run_for(self, ms: int) -> None:
        """Run for ``ms`` milliseconds (at most 2**29), or until `stop`, or no client is left."""
        end = port.ticks_add(_ticks_ms(), ms)
        self._stopped = False
        while self.clients and not self._stopped:
            left = _ticks_diff(end, _ticks_ms())
            if left <= 0:
                break
            self.step(left)

    def run(self) -> None:
        """Run until `stop`, or until no client is left; then raises their final error, if any."""
        self._stopped = False
        while self.clients and not self._stopped:
            self.step()
        if not self.clients and self.error is not None:
            raise self.error

    def stop(self) -> None:
        """Make `run` return after the current step."""
        self._stopped = True
