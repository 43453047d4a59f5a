"""A WebSocket client (RFC 6455), reconnecting, on fixed buffers.

    from motelink.websocket import Client

    client = Client("ws://192.0.2.7:8080/kettle")
    client.on_connect = lambda: client.send_text('{"hello": "kettle"}')
    client.on_message = lambda message: print(message.json())
    client.run()

Steady state (sending and receiving text and binary, pings, pongs) allocates nothing.
"""

from motelink import port
from motelink.errors import TimedOut
from motelink.link import Link
from motelink.websocket_frames import RESERVE, Frames

const = port.const
ticks_add = port.ticks_add
ticks_ms = port.ticks_ms

_OPENING = const(1)
_READY = const(2)
_TEXT = const(1)
_BINARY = const(2)
_PING = const(9)
_NEVER_MS = const(1 << 28)


class Client(Link):
    """One connection to one server.

    ``url``: ``ws://host:port/path?query`` or ``wss://``, ports 80 and 443 when it names none.
    ``protocols``: sub-protocols to offer; ``protocol`` is the one that the server chose, or None.
    ``headers``: a dict of more headers for the handshake; it may be changed, and is read at each
    connection. ``tls``: for wss, see `Link`. ``proxy``: ``http://user:password@host:port``, asked
    for a tunnel. ``keepalive``: seconds after which a ping goes out; 0: none. ``answer_ms`` bounds
    its answer, the answer to a Close, and, as ``connect_ms`` does TCP and TLS, the handshake.

    Bytes allocated: ``rx_size``, the largest message that is delivered whole, fragments put
    together; ``tx_size``, the largest payload sent; `RESERVE` more each. A larger message is
    handed on in pieces or skipped; with ``refuse`` it closes the connection (1009).

    Handlers, all optional, are attributes: ``on_connect()``, at every handshake;
    ``on_message(message)``, with a `Message` that is valid during the call; ``on_end(error)``,
    None when the user ended it, with ``code`` and ``reason`` when the server did, ``status``
    when it refused the handshake; ``on_chunk(message, at, last)``, for messages larger than
    ``rx_size``, in pieces; ``on_oversize(size)``, after such a message. A handler that raises is
    logged and counted in ``handler_errors``.

    Counters: ``messages``, ``oversized``, and those of `Link`. Raises ConfigError.
    """

    # In the class, so that those in use alone take room in the client. (const: of any type.)
    on_connect = const(None)
    on_message = const(None)
    on_end = const(None)
    on_chunk = const(None)
    on_oversize = const(None)
    protocol = const(None)
    _proxy: "tuple | None" = None

    def __init__(
        self,
        url,
        protocols=(),
        headers=None,
        tls=True,
        proxy=None,
        keepalive=30,
        rx_size=1024,
        tx_size=1024,
        refuse=False,
        answer_ms=10000,
        backoff=None,
        connect_ms=10000,
    ):
        from motelink import websocket_handshake

        secure, host, number, place, path = websocket_handshake.parse(url)
        if not secure:
            tls = False
        if proxy:
            from motelink import websocket_proxy

            proxy = websocket_proxy.parse(proxy)
            del websocket_proxy
            port.forget("websocket_proxy")
        del websocket_handshake
        port.forget("websocket_handshake")  # so that the buffers do not lie behind it
        super().__init__(
            host, number, rx_size + RESERVE, tx_size + RESERVE, tls, backoff, connect_ms
        )
        self.headers = headers
        self._asked = place, path, protocols
        if proxy:
            self._proxy = proxy + (self.tls,)
            self.tls = False  # first the tunnel
        self.messages = 0
        self.oversized = 0
        # Whether the server has accepted us, and nothing since says otherwise. (No property: a
        # class that has one looks through its bases whenever any attribute is set.)
        self.connected = False
        self.keepalive = keepalive
        self.answer_ms = answer_ms
        self._pinged = False
        self._frames = Frames(self, rx_size, refuse)
        self._opening = None
        self._again = self.texts = None
        from motelink import websocket_handshake

        websocket_handshake.begin(self)  # whether it can be said at all
        port.forget("websocket_handshake")

    def send_text(self, payload, last: bool = True) -> bool:
        """Send a message. True when the connection has it; False when there is none, or while it
        takes nothing.

        ``payload``: UTF-8 as bytes, or a str, which allocates. ``last``: False begins a message
        in fragments, or goes on with it. Raises TooLarge.
        """
        again = self._again
        done = again(payload) if last and again else None
        if done is None:
            return self._frames.put(_TEXT, payload, last) and self._push()
        return done or self._push()

    def send_binary(self, payload, last: bool = True) -> bool:
        """Send bytes; otherwise as `send_text`."""
        return self._frames.put(_BINARY, payload, last) and self._push()

    def ping(self, payload=b"") -> bool:
        """Send a ping now, of at most 125 bytes; the loop sends those of ``keepalive`` itself."""
        if len(payload) > 125:
            raise ValueError("a ping of %d bytes, at most 125" % len(payload))
        return self._frames.put(_PING, payload) and self._push()

    def leave(self, code: int = 1000, reason: str = "") -> None:
        """Tell the server that, and why (RFC 6455, 7.4), wait at most ``answer_ms`` for its
        answer, and stay closed. Raises ValueError."""
        if self.connected:
            from motelink import websocket_close

            if websocket_close.leave(self, code, reason):
                self.deadline = ticks_add(ticks_ms(), self.answer_ms)
                return
        self.end()

    def end(self, error=None) -> None:
        """Take leave of the server without waiting for its answer, and stay closed."""
        if self.connected and not error:
            from motelink import websocket_close

            websocket_close.leave(self, 1000, "")
        super().end(error)

    def deliver(self, message) -> None:
        """The frames have made a message."""
        self.messages += 1
        if self.on_message:
            try:
                self.on_message(message)
            except Exception as error:
                self._handler_failed(error)

    def chunk(self, message, at: int, last: bool) -> None:
        """The frames have a piece of a message that is larger than ``rx_size``."""
        if self._pinged:  # the answer waits behind this message
            self.deadline = ticks_add(ticks_ms(), self.answer_ms)
        size = at + len(message)
        self._call(self.on_chunk, message, at, last)
        if last:
            self.oversized += 1
            self._call(self.on_oversize, size)

    def ponged(self) -> None:
        """A pong has come: the next ping is due later. Without pings the deadline comes all the
        same, every 3 days."""
        if self.connected:
            self._pinged = False
            self.deadline = ticks_add(ticks_ms(), self.keepalive * 1000 or _NEVER_MS)

    def quicken(self, write) -> None:
        """Short texts are sent by a new generator, see `Frames.sender`."""
        self._again = self._frames.sender(write).send
        self._again(None)

    def _push(self) -> bool:
        """Send what is in ``tx``; an error closes the connection. Whether there still is one."""
        try:
            self.send_on()
        except OSError as error:
            self.failed(error)
        return self._frames.state > _OPENING

    def _connect(self, now: int) -> None:
        if self._proxy and not self.address:
            self.address = port.resolve(self._proxy[0], self._proxy[1])
        super()._connect(now)

    def _greet(self) -> None:
        from motelink import websocket_handshake

        self._opening = websocket_handshake.begin(self)
        self.tx.put(self._opening.request)

    def _opened(self, now: int) -> None:
        self._frames.begin(_OPENING)
        self.deadline = ticks_add(now, self.answer_ms)

    def _received(self) -> None:
        if self._opening and not self._accepted():
            return
        try:
            for message in self.texts:
                if message is None:
                    break
                self.messages += 1
                if self.on_message:
                    self.on_message(message)
            else:
                self.texts = self._frames.texts()  # Ctrl-C had ended it
        except Exception as error:
            self._handler_failed(error)
        self._frames.received()

    def _accepted(self) -> bool:
        """Go on with the handshake; whether it is over."""
        opening = self._opening
        if not opening.read(self.rx):
            return False
        if self.protocol != opening.protocol:
            self.protocol = opening.protocol
        self._opening = None
        port.forget("websocket_handshake")
        self._frames.state = _READY
        self.connected = True
        self.texts = self._frames.texts()
        self.ponged()
        if not self._secure:  # what TLS takes of a frame, it must be given again
            self.quicken(self.sock.write)
        self._call(self.on_connect)
        return self.connected

    def _due(self, now: int) -> None:
        if self._opening:
            self._opening.due(now)
        elif self._pinged:
            raise TimedOut("%s: no pong" % self)
        elif not self.connected:
            self.end()  # our Close was not answered
        elif self.keepalive:
            self._pinged = True
            self.deadline = ticks_add(now, self.answer_ms)
            self._frames.put(_PING, b"")
            self.send_on()
        else:
            self.ponged()

    def _closed(self, error) -> None:
        if error and not self.connected and not self._opening:
            self.end()  # we had taken leave: it stays closed, however the server took that
            error = None
        self._frames.begin(0)
        self.connected = False
        self._opening = self._again = self.texts = None
        port.forget("websocket_handshake")
        port.forget("websocket_close")
        self._call(self.on_end, error)
