"""A byte stream over WebSocket (RFC 6455): another client's bytes travel in binary frames.

    from motelink import mqtt
    from motelink.websocket_stream import over

    Client = over(mqtt.Client, "/mqtt", ("mqtt",))
    client = Client("192.0.2.7", "kettle", port=8083)

The client knows nothing of it. Besides its own buffers it has two of 402 bytes. Steady state
allocates nothing.
"""

from motelink import port
from motelink.errors import ProtocolError
from motelink.stream import Stream
from motelink.websocket_frames import RESERVE, Frames

const = port.const
move = port.move

_OPENING = const(1)
_OPEN = const(2)
_BINARY = const(2)
_MOST = const(256)  # bytes a frame


class _Carrier(Stream):
    """The frames, below the bytes in ``rx`` and ``tx`` of ``outer``."""

    def __init__(self, outer):
        super().__init__(_MOST + RESERVE, _MOST + RESERVE)
        self.frames = Frames(self, 0, False)
        self._into = outer.rx

    def chunk(self, message, _at: int, _last: bool) -> None:
        if not message.binary:
            raise ProtocolError("a text frame, where bytes are expected")
        into = self._into
        n = message.end - message.start
        move(into.data, into.end, message.data, message.start, n)
        into.end += n

    def deliver(self, message) -> None:
        """An empty frame."""

    def ponged(self) -> None:
        """We send no pings: the client has its own."""

    def end(self) -> None:
        """We wait for no answer to a Close."""


def over(base, path="/", protocols=(), headers=None):  # noqa: C901 - a class, no one function
    """A class like ``base``, a `motelink.link.Link` that sends by its ``tx`` alone, over
    WebSocket. ``path``, ``protocols``, ``headers``: as in `motelink.websocket.Client`; the
    handshake must fit into ``tx_size``."""

    class Client(base):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self._opening = None
            self._carrier = _Carrier(self)

        def close(self) -> None:
            carrier = self._carrier
            if carrier.sock and carrier.frames.state == _OPEN:
                from motelink import websocket_close

                try:
                    websocket_close.close(carrier.frames, 1000, b"")
                    carrier.flush()
                except OSError:
                    pass
            carrier.sock = None
            carrier.close()
            carrier.frames.begin(0)
            super().close()

        def fill(self) -> int:
            rx = self.rx
            if rx.start == rx.end:
                rx.clear()
            elif rx.end == rx.limit:
                rx.make_room(1)
            # No more than rx takes: a frame is never shorter than what it carries.
            carrier = self._carrier
            raw = carrier.rx
            if raw.start == raw.end:
                raw.clear()
            raw.limit = min(_MOST + RESERVE, raw.end + rx.limit - rx.end)
            before = rx.end
            carrier.sock = self.sock
            if carrier.fill() and (not self._opening or self._accepted()):
                carrier.frames.received()
                if carrier.tx.end:
                    carrier.flush()
            return rx.end - before

        def flush(self) -> bool:
            if self._opening:
                return super().flush()
            tx = self.tx
            carrier = self._carrier
            while True:
                if carrier.tx.end and not carrier.flush():
                    return False
                n = tx.end - tx.start
                if not n:
                    tx.clear()
                    return True
                if n > _MOST:
                    n = _MOST
                if tx.start:
                    tx.make_room(0)
                carrier.frames.put(_BINARY, tx.data, True, n)
                tx.start += n

        def _greet(self) -> None:
            from motelink import websocket_handshake

            place = "[%s]" % self.host if ":" in self.host else self.host
            if self.port != (443 if self.tls else 80):
                place += ":%d" % self.port
            self._opening = opening = websocket_handshake.Opening(
                self, place, path, protocols, headers
            )
            self.tx.put(opening.request)

        def _opened(self, now: int) -> None:
            self._carrier.frames.begin(_OPENING)
            self.deadline = port.ticks_add(now, self.connect_ms)

        def _accepted(self) -> bool:
            opening = self._opening
            carrier = self._carrier
            if not opening.read(carrier.rx):
                return False
            if protocols and not opening.protocol:
                raise ProtocolError("the server does not speak %s" % protocols[0])
            self._opening = None
            port.forget("websocket_handshake")
            carrier.frames.state = _OPEN
            carrier._most = self._most
            carrier._secure = self._secure
            self._secure = True  # as over TLS: what goes to the socket is not what is in tx
            super()._greet()
            super()._opened(port.ticks_ms())
            return True

        def _due(self, now: int) -> None:
            if self._opening:
                self._opening.due(now)
            super()._due(now)

        def _closed(self, error) -> None:
            self._opening = None
            port.forget("websocket_handshake")
            port.forget("websocket_close")
            super()._closed(error)

    return Client
