"""WebSocket frames of a client (RFC 6455, section 5), in and out. Sans-I/O, on fixed buffers.

``state`` is

= ======== ================================= ================================================
  state    may come                          goes on to
= ======== ================================= ================================================
0 CLOSED   -                                 OPENING: the connection is there
1 OPENING  the answer to the handshake       OPEN: it is accepted
2 OPEN     frames                            CLOSING: we have sent a Close; CLOSED: one came
3 CLOSING  frames                            CLOSED: a Close has come
= ======== ================================= ================================================

What breaks the protocol is answered with a Close of the right code, and raised. In OPEN nothing
is allocated on success, but when the first message of a connection comes in parts, or the first
text that is not ASCII: each loads a module, which stays until the connection is closed.
"""

from motelink import port
from motelink.buffer import Message

const = port.const
_bulk = port.load("_bulk")
mask_into = _bulk.mask_into

_OPEN = const(2)
_TEXT = const(1)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)
_FIN = const(0x80)
_WHOLE_TEXT = const(0x81)
_WHOLE_BINARY = const(0x82)
_CONTROL = const(132)  # a control frame, with its head and mask, at most
RESERVE = const(146)
"""Bytes that both buffers have besides a message: its head and mask, and a control frame."""

_BROKEN = const(1002)
_NOT_TEXT = const(1007)


class Frames:
    """``size``: bytes of the largest message that is delivered whole. Larger ones are handed on
    in pieces, or refused.

    ``owner`` gives ``rx`` and ``tx``, `RESERVE` bytes larger than the largest message, and
    ``flush()``. It is told ``deliver(message)``; ``chunk(message, at, last)``, a piece that begins
    ``at`` bytes into a message; ``ponged()``; and ``end()``, when a Close has answered ours.
    """

    # What is loaded when it is needed. (const: of any type.)
    parts = const(None)
    check = const(None)

    def __init__(self, owner, size: int, refuse: bool):
        self.owner = owner
        self.rx = owner.rx
        self.tx = owner.tx
        self.size = size
        self.refuse = refuse
        self._message = Message(owner.rx.data)
        self.paint, self.column, self._high = _bulk.column(owner.rx.data)
        self.begin(0)

    def begin(self, state: int) -> None:
        """A new connection, or the end of one."""
        self.state = state
        self.begun = False  # of a message in parts something has come, the last has not
        self._sending = False  # a message in fragments, the last of which is not sent
        if self.parts:
            self.parts = None
            port.forget("websocket_parts")
        if self.check:
            self.check = None
            port.forget("websocket_text")

    def put(self, kind: int, payload, last: bool = True, n: int = -1) -> bool:
        """Put a frame with text (1), binary (2), or a control frame (8 and above) into ``tx``.

        ``payload``: bytes, or a str, which allocates; ``n``: so many bytes of it, -1: all.
        ``last``: False begins a message in fragments, or goes on with it. False when not open, or
        until ``tx`` has room. Raises TooLarge.
        """
        if self.state != _OPEN:
            return False
        if payload.__class__ is str:
            payload = payload.encode()
        if n < 0:
            n = len(payload)
        size = n + (6 if n < 126 else 8 if n < 65536 else 14)
        tx = self.tx
        if tx.end + size > tx.limit - (_CONTROL if kind < _CLOSE else 0) and not self.room(
            kind, size
        ):
            return False
        data = tx.data
        at = tx.end
        if kind < _CLOSE:
            if self._sending:
                kind = 0
            self._sending = not last
        data[at] = kind | _FIN if last else kind
        at += 2
        if n < 126:
            data[at - 1] = n | 0x80
        else:
            at = self._length(at, n)
        mask_into(data, at, payload, n)
        tx.end += size
        return True

    def sender(self, write):
        """Sends short texts while nothing else waits: yields True for each, False when the
        connection took only a part, None for what `put` has to do. A generator, because its names
        are found and its frame is allocated once a connection. Where it raises, it asks
        ``owner.quicken(write)`` for another one."""
        tx = self.tx
        out = tx.data
        size = len
        mask = mask_into
        text = str
        done = None
        try:
            while True:
                payload = yield done
                n = size(payload)
                if n > 64 or tx.end or self._sending or payload.__class__ is text:
                    done = None
                    continue
                out[0] = _FIN | _TEXT
                out[1] = n | 0x80
                mask(out, 2, payload, n)
                n += 6
                try:
                    sent = write(out, 0, n)
                except OSError:
                    sent = 0  # the next write meets it again
                done = sent == n
                if not done:
                    tx.start = sent or 0
                    tx.end = n
        except (Exception, KeyboardInterrupt):
            self.owner.quicken(write)  # this one has ended
            raise

    def room(self, kind: int, size: int) -> bool:
        """Make room in tx for a frame; False when there is none yet."""
        tx = self.tx
        limit = tx.limit - (_CONTROL if kind < _CLOSE else 0)
        if size > limit:
            from motelink import websocket_close

            websocket_close.too_large(size, limit)
        if len(tx) + size > limit:
            return False
        tx.make_room(size)
        return True

    def _length(self, at: int, n: int) -> int:
        """Write a length beyond 125 at tx.data[at - 1]; returns where it ends."""
        data = self.tx.data
        end = at + 2
        if n > 65535:
            end = at + 8
            for i in range(at, at + 5):
                data[i] = 0
            data[at + 5] = n >> 16
        data[at - 1] = 0xFE if n < 65536 else 0xFF
        data[end - 2] = n >> 8 & 255
        data[end - 1] = n & 255
        return end

    def received(self) -> None:
        """Consume what came. Raises ProtocolError, TooLarge, and ConnectionLost for a Close."""
        rx = self.rx
        while self.state and rx.end > rx.start:
            if not (self.parts.received() if self.begun else self.frame(rx.start)):
                return

    def texts(self):
        """Yields each whole text of at most 64 bytes that comes next, and is ASCII; None before
        all else. A generator, because its names are found and its frame is allocated once."""
        rx = self.rx
        data = rx.data
        text = self._message
        most = min(self.size, 64)
        paint = self.paint
        column = self.column
        high = self._high
        message = None
        while True:
            yield message
            message = None
            at = rx.start
            have = rx.end - at
            if have < 2 or data[at] != _WHOLE_TEXT or self.begun:
                continue
            n = data[at + 1]
            if n > most or n > have - 2:
                continue
            data[at] = 0  # for `paint`
            at += 2
            end = at + n
            paint(column, 0, 64 - end, 0)
            if high != b"\0\0\0\0\0\0\0\0":
                data[at - 2] = _WHOLE_TEXT
                continue
            message = text
            message.start = at
            message.end = rx.start = end
            message.binary = False

    def frame(self, start: int) -> bool:
        """Read a frame that begins at ``start``; False when more of it must come first."""
        rx = self.rx
        at = start + 2
        if at > rx.end:
            return False
        data = rx.data
        first = data[start]
        n = data[start + 1]
        if n > 125:
            at += 2 if n == 126 else 8
            if n > 127:
                self.fail(_BROKEN, "a masked frame")
            if at > rx.end:
                return False
            n = self._in_parts().size(at) if n > 126 else data[at - 2] << 8 | data[at - 1]
            if n < 126:
                self.fail(_BROKEN, "a length of more bytes than it needs")
        if first & 8:
            return self._control(first, start, at, n)
        if self.begun or n > self.size or not _WHOLE_TEXT <= first <= _WHOLE_BINARY:
            return self._in_parts().frame(first, start, at, n)
        end = at + n
        if end > rx.end:
            return False
        if first == _WHOLE_TEXT and not self.is_ascii(at, end):
            self.utf8(0, at, end, True)
        rx.start = end
        self.owner.deliver(self.message(at, end, first == _WHOLE_TEXT))
        return True

    def message(self, at: int, end: int, text: bool) -> Message:
        """The view of ``rx.data[at:end]``, which handlers are given. ``binary``: it is no text."""
        message = self._message
        message.start = at
        message.end = end
        message.binary = not text
        return message

    def _in_parts(self):
        if not self.parts:
            from motelink import websocket_parts

            self.parts = websocket_parts.Parts(self)
        return self.parts

    def _control(self, first: int, start: int, at: int, n: int) -> bool:
        """Read a control frame (5.5)."""
        rx = self.rx
        end = at + n
        kind = first & 15
        if n > 125 or kind > _PONG or first & 0xF0 != _FIN:
            self.fail(_BROKEN, "a control frame %02x of %d bytes" % (first, n))
        if end > rx.end:
            return False
        if kind == _CLOSE:
            from motelink import websocket_close

            websocket_close.received(self, at, end)
            return False
        if kind == _PING:
            self._pong(at, n)
        if start > rx.start:
            self.parts.cut(start, end)
        else:
            rx.start = end
        if kind == _PONG:
            self.owner.ponged()
        return True

    def _pong(self, at: int, n: int) -> None:
        """Answer a ping, unless those before it still wait for the connection to take them."""
        if self.put(_PONG, b""):
            tx = self.tx
            out = tx.data
            data = self.rx.data
            mask = tx.end - 4
            if mask + 4 + n <= tx.limit:
                out[mask - 1] |= n
                for i in range(n):
                    out[mask + 4 + i] = data[at + i] ^ out[mask + (i & 3)]
                tx.end += n
            else:
                tx.end -= 6

    def is_ascii(self, at: int, end: int) -> bool:
        """Whether no byte of ``rx.data[at:end]`` is above 127."""
        i = at
        while i < end:
            i += 64
            if i > end:
                i = end  # and some bytes before, which may be no text
            self.paint(self.column, 0, 64 - i, 0)
            if self._high != b"\0\0\0\0\0\0\0\0":
                for i in range(8):
                    self._high[i] = 0
                for i in range(at, end):
                    if self.rx.data[i] > 127:
                        return False
                break
        return True

    def utf8(self, state: int, at: int, end: int, last: bool) -> int:
        """``state`` of `motelink.websocket_text` after ``rx.data[at:end]``; fails when that is no
        UTF-8, or, if it is the ``last`` of a text, when it ends inside a character."""
        if not self.check:
            from motelink.websocket_text import utf8

            self.check = utf8
        state = self.check(state, self.rx.data, at, end)
        if state < 0 or (last and state):
            self.fail(_NOT_TEXT, "text that is not UTF-8")
        return state

    def fail(self, code: int, reason: str) -> None:
        """Tell the server, and raise: see `motelink.websocket_close`."""
        from motelink import websocket_close

        websocket_close.fail(self, code, reason)
