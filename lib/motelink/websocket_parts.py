"""WebSocket messages that come in parts: in fragments (RFC 6455, 5.4), or larger than the buffer.

`motelink.websocket_frames` loads this with the first of them, and drops it when the connection is
closed.
"""

from motelink import port

const = port.const
move = port.move

_TEXT = const(1)
_BROKEN = const(1002)
_TOO_BIG = const(1009)


class Parts:
    """The message of ``frames`` that comes in parts, while ``frames.begun``. Its fragments wait in
    ``rx``, from ``rx.start`` on, ``kept`` bytes, while they fit; else it is handed on in pieces,
    with ``left`` bytes to come of a frame."""

    def __init__(self, frames):
        self._frames = frames
        self.kept = 0
        self.left = 0
        self._text = False
        self._utf8 = 0  # see `motelink.websocket_text`
        self._at = -1  # bytes that were handed on in pieces; -1: it comes whole
        self._last = False  # whether what comes is the last fragment

    def frame(self, first: int, start: int, at: int, n: int) -> bool:
        """Read a frame that begins at ``start``, its payload of ``n`` bytes at ``at``; False when
        more of it must come first."""
        frames = self._frames
        kind = first & 15
        if first & 0x70 or kind > 2 or (kind > 0) == frames.begun:
            frames.fail(_BROKEN, "an unexpected frame %02x" % first)
        if kind:
            self._text = kind == _TEXT
        if self._at >= 0 or self.kept + n > frames.size:
            self._large(first > 127, at, n)
            return True
        end = at + n
        if end > frames.rx.end:
            return False
        last = first > 127
        self._check(at, end, last)
        self._fragment(start, at, n, last)
        return True

    def received(self) -> bool:
        """Go on with what has come; False when more must come first."""
        frames = self._frames
        if not self.left:
            return frames.frame(frames.rx.start + self.kept)
        self._piece()
        return True

    def _piece(self) -> None:
        """Hand on what has come of a frame."""
        frames = self._frames
        rx = frames.rx
        at = rx.start
        n = rx.end - at
        if n > self.left:
            n = self.left
        self.left -= n
        rx.start = end = at + n
        self._check(at, end, self._last and not self.left)
        self._hand_on(at, end)

    def size(self, at: int) -> int:
        """Read the length of 8 bytes that ends at ``at`` (5.2)."""
        frames = self._frames
        data = frames.rx.data
        high = data[at - 8] | data[at - 7] | data[at - 6] | data[at - 5]
        # Not 0x40000000 and above: no small int.
        if high or data[at - 4] > 0x1F:
            frames.fail(_BROKEN if data[at - 8] > 127 else _TOO_BIG, "a frame without end")
        n = data[at - 4] << 24 | data[at - 3] << 16 | data[at - 2] << 8 | data[at - 1]
        if n < 65536:
            frames.fail(_BROKEN, "a length of more bytes than it needs")
        return n

    def cut(self, at: int, end: int) -> None:
        """Take ``rx.data[at:end]`` out."""
        rx = self._frames.rx
        move(rx.data, at, rx.data, end, rx.end - end)
        rx.end -= end - at

    def _fragment(self, start: int, at: int, n: int, last: bool) -> None:
        """Put a fragment behind those before it."""
        frames = self._frames
        rx = frames.rx
        frames.begun = not last
        if self.kept:
            self.cut(start, at)
        else:
            rx.start = at
        n += self.kept
        self.kept = 0 if last else n
        if last:
            at = rx.start
            rx.start = at + n
            frames.owner.deliver(frames.message(at, at + n, self._text))

    def _large(self, last: bool, at: int, n: int) -> None:
        """Begin with a frame of a message larger than ``size``."""
        frames = self._frames
        if frames.refuse:
            frames.fail(_TOO_BIG, "a message larger than %d bytes" % frames.size)
        rx = frames.rx
        kept = self.kept
        start = rx.start
        rx.start = at
        self.kept = 0
        self.left = n
        frames.begun = True
        self._last = False
        if self._at < 0:
            self._at = 0
            if kept:
                self._hand_on(start, start + kept)
        self._last = last
        if last and not self.left and frames.state:
            self._check(at, at, True)
            self._hand_on(at, at)

    def _hand_on(self, at: int, end: int) -> None:
        frames = self._frames
        last = self._last and not self.left
        begin = self._at
        self._at = begin + end - at
        if last:
            self._at = -1
            frames.begun = False
        frames.owner.chunk(frames.message(at, end, self._text), begin, last)

    def _check(self, at: int, end: int, last: bool) -> None:
        """Fail unless this goes on with the text as UTF-8, and ends it if it is the ``last``."""
        if self._text and (self._utf8 or not self._frames.is_ascii(at, end)):
            self._utf8 = self._frames.utf8(self._utf8, at, end, last)
