"""Fixed bytes between a socket and a protocol engine, and the view of one message in them.

Both are allocated once and never grow.
"""

from motelink.errors import TooLarge
from motelink.port import SLACK, copy_into, move


class Buffer:
    """``data[start:end]`` is what is in it; ``limit`` is how much can be (bytes).

    ``data`` is `port.SLACK` bytes longer than ``limit``: `port.copy_into` needs that. Engines
    read ``data`` by index and advance ``start``; nothing here allocates after the constructor.
    """

    def __init__(self, size: int):
        self.data = bytearray(size + SLACK)
        self.limit = size
        self.start = 0
        self.end = 0

    def __len__(self) -> int:
        return self.end - self.start

    def room(self) -> int:
        """How many bytes can be put."""
        return self.limit - self.end + self.start

    def clear(self) -> None:
        """Forget the content."""
        self.start = self.end = 0

    def put(self, data: bytes) -> None:
        """Append bytes. Raises TooLarge, with nothing appended, when they do not fit."""
        n = len(data)
        if self.end + n > self.limit:
            self.make_room(n)
        copy_into(self.data, self.end, data, n)
        self.end += n

    def put_byte(self, value: int) -> None:
        """Append one byte (0..255). Raises TooLarge when full."""
        if self.end == self.limit:
            self.make_room(1)
        self.data[self.end] = value
        self.end += 1

    def make_room(self, n: int) -> None:
        """Move the content to the front, for ``n`` more bytes; TooLarge when they cannot fit."""
        have = self.end - self.start
        if have + n > self.limit:
            raise TooLarge("%d bytes and %d more, in a buffer of %d" % (have, n, self.limit))
        move(self.data, 0, self.data, self.start, have)
        self.start = 0
        self.end = have


class Message:
    """``data[start:end]`` of an engine's receive buffer; valid only while the handler runs.

    Delivery, `len`, indexing and ``==`` with bytes allocate nothing; ``==`` with str does, and
    the methods allocate what they return. Keep a message by keeping its `bytes`.
    """

    def __init__(self, data: bytearray):
        self.data = data
        self.start = 0
        self.end = 0

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self.end - self.start:
            raise IndexError
        return self.data[self.start + index]

    def __eq__(self, other) -> bool:
        at = self.start
        try:
            return self.data.find(other, at, self.end) == at and len(other) == self.end - at
        except TypeError:  # a str, or a memoryview, which MicroPython does not find
            return self.payload() == (other.encode() if isinstance(other, str) else other)

    def payload(self):
        """A memoryview of the content."""
        return memoryview(self.data)[self.start : self.end]

    def bytes(self):
        """A copy of the content."""
        return bytes(self.payload())

    def text(self) -> str:
        """The content as UTF-8 text. Raises ValueError (UnicodeError) when it is not."""
        return self.bytes().decode()  # up to 1.25 str() of a memoryview checks nothing

    def int(self):
        """The content as a decimal integer. Raises ValueError when it is not one."""
        return int(self.bytes())

    def json(self):
        """The content parsed as JSON. Raises ValueError when it is not JSON; MicroPython up to
        1.25 takes an object or array whose end is missing."""
        import json

        return json.loads(self.bytes())
