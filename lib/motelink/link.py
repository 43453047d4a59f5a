"""One supervised connection: resolve, connect, secure, run, back off, again.

The base of every platform's client, and the only mechanism of reconnecting. States and what
leads from one to the next:

=========== ============================== ============================ =======================
state       the socket is ready            the deadline has come        an error
=========== ============================== ============================ =======================
WAITING     -                              begin to connect: CONNECTING WAITING
CONNECTING  connected: SECURING or OPEN    TimedOut: WAITING            WAITING
SECURING    a byte moved: OPEN             TimedOut: WAITING            WAITING
OPEN        receive, engine, send          the client's `_due`          WAITING
ENDED       -                              -                            -
=========== ============================== ============================ =======================

From every state `end` and a final error lead to ENDED. In OPEN nothing is allocated on success.
"""

from motelink import log, port
from motelink.backoff import Backoff
from motelink.errors import ConfigError, ConnectionLost, TimedOut
from motelink.loop import Loop
from motelink.stream import Stream

const = port.const

WAITING = 0
CONNECTING = 1
SECURING = 2
OPEN = 3
ENDED = 4

_OPEN = const(3)
# A connection that lasted so long was good: the next one is tried soon.
_HELD_MS = const(10000)
_IN = port.POLL_IN
_OUT = port.POLL_OUT


class Link:
    """Subclasses give five hooks:

    - ``_greet()``: put into ``tx`` what the client says first, if it speaks first;
    - ``_opened(now)``: the link is open; set ``deadline``;
    - ``_received()``: there are bytes in ``rx``; consume what can be, put answers into ``tx``;
    - ``_due(now)``: the deadline has come; raise, or set a later one;
    - ``_closed(error)``: an open link has closed; None when the user ended it.

    ``host``, ``port``: the server. ``tls``: False, True (verified against what the runtime
    trusts), or a context of `port.tls_context`. ``connect_ms`` bounds TCP connect and TLS
    handshake each; name resolution is as long as the runtime's resolver takes, and its result is
    kept until a connect fails. ``connects``, ``errors``: counters.
    """

    def __init__(self, host, number, rx_size, tx_size, tls=False, backoff=None, connect_ms=10000):
        if not host or not isinstance(host, str):
            raise ConfigError("host must be a name or an address, got %r" % (host,))
        if not 0 < number < 65536:
            raise ConfigError("port must be 1..65535, got %r" % (number,))
        if tls is True:
            try:
                tls = port.tls_context()
            except ValueError as error:
                raise ConfigError(str(error))
        self.host = host
        self.port = number
        self.tls = tls or None
        self.stream = Stream(rx_size, tx_size)
        self.rx = self.stream.rx
        self.tx = self.stream.tx
        self.backoff = backoff or Backoff()
        self.connect_ms = connect_ms
        self.state = WAITING
        self.deadline = port.ticks_ms()
        self.loop = None
        self.connects = 0
        self.errors = 0
        self.last_error = None
        self._address = None
        self._since = 0

    # What a loop calls.

    def turn(self, now: int) -> None:
        """The deadline has come."""
        if self.state == _OPEN:
            self._due(now)
        elif self.state == WAITING:
            self._connect(now)
        else:
            step = "connect" if self.state == CONNECTING else "TLS handshake"
            raise TimedOut("%s: no %s in %d ms" % (self, step, self.connect_ms))

    def ready(self, events: int) -> None:
        """The socket is ready."""
        if self.state != _OPEN:
            self._progress(events)
            return
        if events & ~_OUT and self.stream.fill():
            self._received()
        tx = self.tx
        if tx.end and self.state == _OPEN:
            self.flush(events)

    def failed(self, error: Exception) -> None:
        """Something raised: close, report, and back off; or end, if the error is final."""
        was = self.state
        now = port.ticks_ms()
        self._release()
        self.errors += 1
        self.last_error = error
        if was != _OPEN:
            self._address = None
        elif not 0 <= port.ticks_diff(now, self._since) < _HELD_MS:
            self.backoff.reset()
        if isinstance(error, OSError):
            log.warning("%s: %s", self, error)
        else:
            log.exception(error, self)
        if getattr(error, "final", False):
            self.state = ENDED
            self.loop.remove(self, error)
        else:
            self.state = WAITING
            self.deadline = port.ticks_add(now, self.backoff.next())
        if was == _OPEN:
            self._closed(error)

    # What a user calls.

    def run(self) -> None:
        """Run this client alone until `end`. Raises what ended it, when that is final."""
        self._own_loop().run()

    def step(self, ms: int = 0) -> None:
        """One turn of this client alone, waiting at most ``ms``."""
        self._own_loop().step(ms)

    def run_for(self, ms: int) -> None:
        """Run this client alone for ``ms`` milliseconds."""
        self._own_loop().run_for(ms)

    def end(self) -> None:
        """Close the connection and stay closed."""
        was = self.state
        self._release()
        self.state = ENDED
        if self.loop is not None:
            self.loop.remove(self)
        if was == _OPEN:
            self._closed(None)

    def reconnect(self) -> None:
        """Close the connection, if there is one, and connect again at once."""
        was = self.state
        self._release()
        self.state = WAITING
        self.deadline = port.ticks_ms()
        if was == _OPEN:
            self._closed(None)

    def flush(self, events: int = 0) -> None:
        """Send what is in ``tx``; what the socket does not take now goes when it is ready."""
        if self.stream.flush():
            if events & _OUT:
                self.loop.change(self.stream.sock, _IN)
        elif not events & _OUT:
            self.loop.change(self.stream.sock, _IN | _OUT)

    def __str__(self) -> str:
        return "%s:%d" % (self.host, self.port)

    # The way to OPEN.

    def _own_loop(self) -> Loop:
        if self.loop is None:
            Loop().add(self)
        return self.loop

    def _connect(self, now: int) -> None:
        self.deadline = port.ticks_add(now, self.connect_ms)
        try:
            if self._address is None:
                self._address = port.resolve(self.host, self.port)
        except OSError as error:
            raise ConnectionLost("%s: cannot resolve: %s" % (self, error))
        self.state = CONNECTING
        self.stream.open(self._address)
        self.loop.watch(self.stream.sock, _OUT, self)

    def _progress(self, events: int) -> None:
        stream = self.stream
        if events & port.POLL_BROKEN:
            stream.fill()  # raises what broke it
            raise ConnectionLost("%s: cannot connect" % self)
        if self.state == CONNECTING:
            self._greet()
            if self.tls is None:
                self.loop.change(stream.sock, _IN)
                self._open()
                return
            self._secure()
        if stream.fill() or (self.tx.end and self._has_sent()):
            self._open()

    def _secure(self) -> None:
        stream = self.stream
        self.loop.unwatch(stream.sock)
        stream.secure(self.tls, self.host)
        self.loop.watch(stream.sock, _IN, self)
        self.state = SECURING
        self.deadline = port.ticks_add(port.ticks_ms(), self.connect_ms)

    def _has_sent(self) -> bool:
        return self.stream.flush() or self.tx.start > 0

    def _open(self) -> None:
        self.state = OPEN
        self.connects += 1
        self._since = port.ticks_ms()
        self._opened(self._since)
        if self.rx.end:
            self._received()
        if self.tx.end:
            self.flush()

    def _release(self) -> None:
        if self.stream.sock is not None:
            self.loop.unwatch(self.stream.sock)
        self.stream.close()
