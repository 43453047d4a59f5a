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
"""

from motelink import port
from motelink.backoff import Backoff
from motelink.errors import ConfigError, ConnectionLost, LinkError, ProtocolError, TimedOut
from motelink.loop import Loop
from motelink.stream import Stream

const = port.const
ticks_ms = port.ticks_ms
ticks_add = port.ticks_add

_WAITING = const(0)
_CONNECTING = const(1)
_SECURING = const(2)
_OPEN = const(3)
_ENDED = const(4)
_IN = const(1)
_OUT = const(4)
_IN_OUT = const(5)
# A connection that lasted so long was good: the next one is tried soon.
_HELD_MS = const(10000)


class Link(Stream):
    """Subclasses give five hooks:

    - ``_greet()``: put into ``tx`` what the client says first, if it speaks first;
    - ``_opened(now)``: the link is open; set ``deadline``;
    - ``_received()``: there are bytes in ``rx``; consume what can be, put answers into ``tx``;
    - ``_due(now)``: the deadline has come; raise, or set a later one;
    - ``_closed(error)``: an open link has closed; None when the user ended it.

    ``host``, ``port``: the server. ``tls``: False, True (verified against what the runtime
    trusts), or a context of `port.tls_context`. ``connect_ms`` bounds TCP connect and TLS
    handshake each; name resolution is as long as the runtime's resolver takes, and its result is
    kept until a connect fails. ``connects``, ``errors``: counters; ``last_error``.
    """

    def __init__(self, host, number, rx_size, tx_size, tls=False, backoff=None, connect_ms=10000):
        right = isinstance(host, str) and host and isinstance(number, int)
        if not right or not 0 < number < 65536:
            raise ConfigError("expected host and port 1..65535, got %r and %r" % (host, number))
        super().__init__(rx_size, tx_size)
        self.host = host
        self.port = number
        try:
            self.tls = port.tls_context() if tls is True else tls
        except ValueError as error:
            raise ConfigError(str(error))
        self.backoff = backoff or Backoff()
        self.connect_ms = connect_ms
        self.state = _WAITING
        self.deadline = ticks_ms()
        self.loop = None
        self.connects = 0
        self.errors = 0
        self.last_error = None
        self.address = None
        self._since = 0

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        if self.state == _OPEN:
            self._due(now)
        elif self.state == _WAITING:
            self._connect(now)
        else:
            raise TimedOut("%s: not connected in %d ms" % (self, self.connect_ms))

    def ready(self, events: int) -> None:
        """The socket is ready; called by the loop."""
        if self.state != _OPEN:
            self._progress(events)
            return
        if events != _OUT and self.fill():
            self._received()
        if self.tx.end:
            self.send_on(events)
        elif events & _OUT and self.sock:  # a write of ours has taken what waited along
            self.loop.poll.modify(self.sock, _IN)

    def failed(self, error: Exception) -> None:
        """Something raised: close, report, and back off; or end, if the error is final."""
        now = ticks_ms()
        error = self._lost(error)
        if self.state != _OPEN:
            self.address = None
        elif not 0 <= port.ticks_diff(now, self._since) < _HELD_MS:
            self.backoff.reset()
        self.errors += 1
        self.last_error = error
        self.deadline = ticks_add(now, self.backoff.next())
        self._log(error)
        if getattr(error, "final", False):
            self.loop.error = error
            self.end(error)
        else:
            self._drop(_WAITING, error)

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
        self._drop(_ENDED, error)
        if self.loop:
            self.loop.remove(self)

    def reconnect(self) -> None:
        """Close the connection, if there is one, and connect again at once."""
        self._drop(_WAITING, None)
        self.deadline = ticks_ms()

    def send_on(self, events: int = 0) -> None:
        """Send what is in ``tx``; what the socket does not take now goes when it is ready."""
        if self.flush():
            if events & _OUT:
                self.loop.poll.modify(self.sock, _IN)
        elif not events & _OUT:
            self.loop.poll.modify(self.sock, _IN_OUT)

    def __str__(self) -> str:
        return "%s:%d" % (self.host, self.port)

    def _connect(self, now: int) -> None:
        self.deadline = ticks_add(now, self.connect_ms)
        if not self.address:
            self.address = port.resolve(self.host, self.port)
        self.open(self.address)
        self.state = _CONNECTING
        self._watch(_OUT)

    def _progress(self, events: int) -> None:
        if events > _IN_OUT:
            self.fill()  # raises what broke it
            raise ConnectionLost("%s: cannot connect" % self)
        now = ticks_ms()
        if self.state == _CONNECTING:
            self._greet()
            if self.tls:
                self.loop.poll.unregister(self.sock)
                self.secure(self.tls, self.host)
                self._watch(_IN)
                self.state = _SECURING
                self.deadline = ticks_add(now, self.connect_ms)
            else:
                self.loop.poll.modify(self.sock, _IN)
                self.state = _OPEN
        # The handshake runs inside these two, and is over when a byte of ours has moved.
        if self.state == _OPEN or self.fill() or (self.tx.end and (self.flush() or self.tx.start)):
            self.state = _OPEN
            self.connects += 1
            self._since = now
            self._opened(now)
            if self.rx.end:
                self._received()
            if self.tx.end:
                self.send_on()

    def _watch(self, events: int) -> None:
        self.loop.poll.register(self.sock, events)
        self.loop.moved = True

    def _drop(self, state: int, error) -> None:
        was = self.state
        if self.sock:
            self.loop.poll.unregister(self.sock)
            self.loop.moved = True
        self.close()
        self.state = state
        if was == _OPEN:
            self._closed(error)

    def _lost(self, error: Exception):
        """What the socket raised, as a LinkError; any other error as it is."""
        if isinstance(error, LinkError):
            return error
        # ValueError: how MicroPython's TLS says why.
        if self.state == _SECURING and isinstance(error, (OSError, ValueError)):
            why = port.why_refused(error)
            if why:
                return ProtocolError("certificate refused: %s; check ca=, host and clock" % why)
        if isinstance(error, OSError):
            what = "connection lost" if self.state == _OPEN else "cannot connect"
            return ConnectionLost("%s: %s" % (what, error))
        return error

    def _log(self, error: Exception) -> None:
        # Loaded with the first trouble, unless the firmware has it already.
        from motelink import log

        if isinstance(error, OSError):
            log.warning("%s: %s", self, error)
        else:
            log.exception(error, self)
