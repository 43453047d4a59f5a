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
is allocated on success.
"""

from motelink import port
from motelink.buffer import Message
from motelink.errors import TooLarge

const = port.const
move = port.move
_bulk = port.load("_bulk")
mask_into = _bulk.mask_into
is_ascii = _bulk.is_ascii

_OPEN = const(2)
_TEXT = const(1)
_CLOSE = const(8)
_PING = const(9)
_PONG = const(10)
_FIN = const(0x80)
_CONTROL = const(132)  # a control frame, with its head and mask, at most
RESERVE = const(146)
"""Bytes that both buffers have besides a message: its head and mask, and a control frame."""

_BROKEN = const(1002)
_NOT_TEXT = const(1007)
_TOO_BIG = const(1009)


class Received(Message):
    """A received message, or a piece of one, as `Message` has it. ``binary``: it is no text."""

    binary = False


class Frames:
    """``size``: bytes of the largest message that is delivered whole. Larger ones are handed on
    in pieces, or refused.

    ``owner`` gives ``rx`` and ``tx``, `RESERVE` bytes larger than the largest message, and
    ``flush()``. It is told ``deliver(message)``; ``chunk(message, at, last)``, a piece that begins
    ``at`` bytes into a message; ``ponged()``; and ``finished()``, when a Close has answered ours.
    """

    def __init__(self, owner, size: int, refuse: bool):
        self.owner = owner
        self.rx = owner.rx
        self.tx = owner.tx
        self._size = size
        self._refuse = refuse
        self._message = Received(owner.rx.data)
        self.begin(0)

    def begin(self, state: int) -> None:
        """A new connection, or the end of one."""
        self.state = state
        self._text = False  # what the message that comes is
        self._begun = False  # a fragment of it has come, the last one has not
        self._kept = 0  # bytes of its fragments, which wait in rx, from rx.start on
        self._at = -1  # bytes of it that were handed on in pieces; -1: it comes whole
        self._left = 0  # bytes to come of a frame that is handed on in pieces
        self._last = False  # whether that is the last fragment
        self._utf8 = 0  # see `_utf8_state`
        self._sending = False  # a message in fragments, the last of which is not sent

    def put(self, kind: int, payload, last: bool = True) -> bool:
        """Put a frame with text (1), binary (2), or a control frame (8 and above) into ``tx``.

        ``payload``: bytes, or a str, which allocates. ``last``: False begins a message in
        fragments, or goes on with it. False when not open, or until ``tx`` has room. Raises
        TooLarge.
        """
        if payload.__class__ is str:
            payload = payload.encode()
        return self.put_some(kind, payload, len(payload), last)

    def put_some(self, kind: int, payload, n: int, last: bool) -> bool:
        """`put` with ``payload[:n]``, bytes."""
        if self.state != _OPEN:
            return False
        size = n + (6 if n < 126 else 8 if n < 65536 else 14)
        tx = self.tx
        if tx.end + size > tx.limit - (_CONTROL if kind < _CLOSE else 0) and not self._room(
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
        are found and its frame is allocated once a connection."""
        tx = self.tx
        out = tx.data
        size = len
        mask = mask_into
        text = str
        done = None
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

    def _room(self, kind: int, size: int) -> bool:
        """Make room in tx for a frame; False when there is none yet."""
        tx = self.tx
        limit = tx.limit - (_CONTROL if kind < _CLOSE else 0)
        if size > limit:
            raise TooLarge("a frame of %d bytes, at most %d" % (size, limit))
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
        """Consume what was received. Raises ProtocolError, TooLarge; ConnectionLost for a Close.
        Allocates nothing."""
        rx = self.rx
        while rx.end - rx.start > self._kept and self.state:
            if not (self._piece() if self._left else self._frame()):
                return

    def _frame(self) -> bool:  # noqa: C901 - in one piece: a call costs as much as two bytes
        """Read a frame; False when more of it must come first."""
        rx = self.rx
        start = rx.start + self._kept
        at = start + 2
        if at > rx.end:
            return False
        data = rx.data
        first = data[start]
        n = data[start + 1]
        if n > 125:
            at += 2 if n == 126 else 8
            if n > 127:
                self._fail(_BROKEN, "a masked frame")
            if at > rx.end:
                return False
            n = self._size_of(at, n)
        kind = first & 15
        if kind > 7:
            return self._control(first, start, at, n)
        if first & 0x70 or kind > 2 or (kind > 0) == self._begun:
            self._fail(_BROKEN, "an unexpected frame %02x" % first)
        if self._kept + n > self._size or self._at >= 0:
            self._large(first, at, n)
            return True
        end = at + n
        if end > rx.end:
            return False
        if kind:
            self._text = kind == _TEXT
        last = first > 127
        if self._text and (self._utf8 or not is_ascii(data, at, end)):
            self._check(at, end, last)
        if last and kind:
            rx.start = end
            self._deliver(at, end)
        else:
            self._fragment(start, at, n, last)
        return True

    def _fragment(self, start: int, at: int, n: int, last: bool) -> None:
        """Put a fragment behind those before it."""
        rx = self.rx
        self._begun = not last
        if self._kept:
            self._cut(start, at)
        else:
            rx.start = at
        n += self._kept
        self._kept = 0 if last else n
        if last:
            at = rx.start
            rx.start = at + n
            self._deliver(at, at + n)

    def _cut(self, at: int, end: int) -> None:
        """Take ``rx.data[at:end]`` out."""
        rx = self.rx
        move(rx.data, at, rx.data, end, rx.end - end)
        rx.end -= end - at

    def _deliver(self, at: int, end: int) -> None:
        message = self._message
        message.start = at
        message.end = end
        message.binary = not self._text
        self.owner.deliver(message)

    def _large(self, first: int, at: int, n: int) -> None:
        """Begin with a frame of a message larger than ``size``."""
        if self._refuse:
            self._fail(_TOO_BIG, "a message larger than %d bytes" % self._size)
        rx = self.rx
        if first & 15:
            self._text = first & 15 == _TEXT
        kept = self._kept
        start = rx.start
        rx.start = at
        self._kept = 0
        self._left = n
        self._begun = True
        self._last = False
        if self._at < 0:
            self._at = 0
            if kept:
                self._hand_on(start, start + kept)
        self._last = first > 127
        if not self._left and self._last and self.state:
            self._check(at, at, True)
            self._hand_on(at, at)

    def _piece(self) -> bool:
        """Hand on what has come of a frame."""
        rx = self.rx
        at = rx.start
        n = rx.end - at
        if n > self._left:
            n = self._left
        self._left -= n
        rx.start = end = at + n
        if self._text and (self._utf8 or not is_ascii(rx.data, at, end)):
            self._check(at, end, self._last and not self._left)
        self._hand_on(at, end)
        return True

    def _hand_on(self, at: int, end: int) -> None:
        last = self._last and not self._left
        begin = self._at
        self._at = begin + end - at
        if last:
            self._at = -1
            self._begun = False
        message = self._message
        message.start = at
        message.end = end
        message.binary = not self._text
        self.owner.chunk(message, begin, last)

    def _control(self, first: int, start: int, at: int, n: int) -> bool:
        """Read a control frame (5.5)."""
        rx = self.rx
        end = at + n
        kind = first & 15
        if n > 125 or kind > _PONG or first & 0xF0 != _FIN:
            self._fail(_BROKEN, "a control frame %02x of %d bytes" % (first, n))
        if end > rx.end:
            return False
        if kind == _CLOSE:
            from motelink import websocket_close

            websocket_close.came(self, at, end)
            return False
        if kind == _PING:
            self._pong(at, n)
        if self._kept:
            self._cut(start, end)
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

    def _size_of(self, at: int, n: int) -> int:
        """Read the length that ends at ``at``: of 2 bytes, or of 8 when ``n`` is 127 (5.2)."""
        data = self.rx.data
        size = data[at - 2] << 8 | data[at - 1]
        if n == 126:
            if size < 126:
                self._fail(_BROKEN, "a length of more bytes than it needs")
            return size
        for i in range(at - 8, at - 4):
            if data[i]:
                size = -1
        # Not 0x40000000 and above: no small int.
        if size < 0 or data[at - 4] > 0x1F:
            self._fail(_BROKEN if data[at - 8] > 127 else _TOO_BIG, "a frame without end")
        size |= data[at - 4] << 24 | data[at - 3] << 16
        if size < 65536:
            self._fail(_BROKEN, "a length of more bytes than it needs")
        return size

    def _check(self, at: int, end: int, last: bool) -> None:
        """Fail unless this goes on with the text as UTF-8, and ends it if it is the ``last``."""
        self._utf8 = state = _utf8_state(self._utf8, self.rx.data, at, end)
        if state < 0 or (last and state):
            self._fail(_NOT_TEXT, "text that is not UTF-8")

    def _fail(self, code: int, why: str) -> None:
        from motelink import websocket_close

        websocket_close.fail(self, code, why)


def _utf8_state(state: int, data, at: int, end: int) -> int:
    """``state`` after ``data[at:end]``: 0 between characters; inside one, how many bytes are to
    come (2 bits), and the highest and lowest that may be next (8 bits each); -1: not UTF-8."""
    while at < end:
        byte = data[at]
        at += 1
        if state:
            if not state >> 10 <= byte <= (state >> 2 & 255):
                return -1
            state = (state & 3) - 1
            if state:
                state |= 0x80 << 10 | 0xBF << 2
        elif byte > 0x7F:
            if not 0xC2 <= byte <= 0xF4:
                return -1
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
            state = 1 + (byte > 0xDF) + (byte > 0xEF) | low << 10 | high << 2
    return state
