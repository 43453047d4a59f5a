"""One supervised connection: resolve, connect, secure, run, back off, again.

The base of every platform's client, and the only mechanism of reconnecting. ``state`` is

= =========== ============================ ============================ ================
  state       the socket is ready          the deadline has come        an error
= =========== ============================ ============================ ================
0 WAITING     -                            begin to connect: CONNECTING WAITING
1 CONNECTING  connected: SECURING or OPEN  TimedOut: WAITING            WAITING
2 SECURING    a byte has moved: OPEN       TimedOut: WAITING            WAITING
3 OPEN        receive, engine, send        the client's ``_due``        WAITING
4 ENDED       -                            -                            -
= =========== ============================ ============================ ================

From every state `end` and a final error lead to ENDED. In OPEN nothing is allocated on success.
What the other states need is in `motelink.link_connect`, which an open link drops.
"""

from motelink import port
from motelink.loop import Loop
from motelink.stream import Stream

const = port.const

port.collect()  # what importing leaves: nothing that stays is to lie behind it

_WAITING = const(0)
_OPEN = const(3)
_ENDED = const(4)
_IN = const(1)
_OUT = const(4)
_IN_OUT = const(5)
# How long to wait where there is no memory to work out how long.
_POOR_MS = const(30000)


class Link(Stream):
    """Subclasses give five hooks:

    - ``_greet()``: put into ``tx`` what the client says first, if it speaks first;
    - ``_opened(now)``: the link is open; set ``deadline``;
    - ``_received()``: there are bytes in ``rx``; consume what can be, put answers into ``tx``;
    - ``_due(now)``: the deadline has come; raise, or set a later one;
    - ``_closed(error)``: an open link has closed; None when the user ended it.

    ``host``, ``port``: the server. ``tls``: False, True (verified against what the runtime
    trusts), the file of the server's authority, or a context of `port.tls_context`.
    ``connect_ms`` bounds TCP connect and TLS handshake each; name resolution is as long as the
    runtime's resolver takes, and its result is kept until a connect fails. ``backoff``: by default
    a `Backoff`, made by the first failure. ``connects``, ``errors``, ``handler_errors``:
    counters; ``last_error``.
    """

    def __init__(self, host, number, rx_size, tx_size, tls, backoff, connect_ms):
        from motelink import link_connect

        tls = link_connect.check(host, number, tls)
        del link_connect
        port.forget("link_connect")  # so that the buffers do not lie behind it
        super().__init__(rx_size, tx_size)
        self.host = host
        self.port = number
        self.tls = tls
        self.backoff = backoff  # None until the first failure
        self.connect_ms = connect_ms
        self.state = _WAITING
        self.deadline = port.ticks_ms()
        self.loop = None
        self.connects = 0
        self.errors = 0
        self.handler_errors = 0
        self.last_error = None
        self.address = None
        self._since = 0

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        if self.state == _OPEN:
            self._due(now)
        elif self.state == _WAITING:
            if self.loop.offline or (self.tls and self.loop.timeless):
                # In vain, and where Wi-Fi has no address the resolver hangs (micropython 18797).
                self.deadline = port.ticks_add(now, 256 + port.getrandbits(8))
            else:
                self._connect(now)
        else:
            from motelink import link_connect

            link_connect.timeout(self)

    def ready(self, events: int) -> None:
        """The socket is ready; called by the loop."""
        if self.state != _OPEN:
            from motelink import link_connect

            link_connect.ready(self, events)
            return
        if events != _OUT and self.fill():
            self._received()
        if self.tx.end:
            self.send_on()
        if events & _OUT and self.sock and not self.tx.end:
            self.loop.poll.modify(self.sock, _IN)

    def failed(self, error: Exception) -> None:
        """Something raised: close, report, and back off; or end, if the error is final."""
        self.errors += 1
        self.last_error = error
        try:
            from motelink import link_connect

            link_connect.failed(self, error)
        except MemoryError:
            # Not even for that is there room. Once closed there is more of it.
            self.deadline = port.ticks_add(port.ticks_ms(), _POOR_MS)
            if self.sock:
                self.drop(_WAITING, error)

    def run(self) -> None:
        """Run this client alone until `end`. Raises what ended it, when that is final."""
        self.step()
        self.loop.run()

    def step(self, ms: int = 0) -> None:
        """One turn of this client's loop, made for it alone if it has none; waits up to ``ms``."""
        if not self.loop:
            Loop().add(self)
        self.loop.step(ms)

    def end(self, error=None) -> None:
        """Close the connection and stay closed."""
        self.drop(_ENDED, error)
        if self.loop:
            self.loop.remove(self)

    def reconnect(self) -> None:
        """Close the connection, if there is one, and connect again at once."""
        self.drop(_WAITING, None)
        self.deadline = port.ticks_ms()

    def send_on(self) -> None:
        """Send what is in ``tx``; what the socket does not take now goes when it is ready."""
        if not self.flush():
            self.loop.poll.modify(self.sock, _IN_OUT)

    def __str__(self) -> str:
        return "%s:%d" % (self.host, self.port)

    def drop(self, state: int, error) -> None:
        """Close the socket, if there is one; ``state`` comes next."""
        was = self.state
        if self.sock:
            self.loop.poll.unregister(self.sock)
            self.loop.moved = True
        self.close()
        self.state = state
        if was == _OPEN:
            self._closed(error)

    def _call(self, handler, *values) -> None:
        """Call a handler of the user's, if there is one, whatever it raises."""
        if handler:
            try:
                handler(*values)
            except Exception as error:
                self._handler_failed(error)

    def _handler_failed(self, error: Exception) -> None:
        from motelink import log

        self.handler_errors += 1
        log.exception(error, self)

    def _connect(self, now: int) -> None:
        from motelink import link_connect

        link_connect.connect(self, now)
