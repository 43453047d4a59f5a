"""Fixed bytes between a socket and a protocol engine. Allocated once; never grows."""

from motelink import port
from motelink.errors import TooLarge


class Buffer:
    """``data[start:end]`` is what is in it; ``limit`` is how much can be (bytes).

    ``data`` is `port.SLACK` bytes longer than ``limit``: `port.copy_into` needs that. Engines
    read ``data`` by index and advance ``start``; nothing here allocates after the constructor.
    """

    def __init__(self, size: int):
        self.data = bytearray(size + port.SLACK)
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
        port.copy_into(self.data, self.end, data, n)
        self.end += n

    def put_byte(self, byte: int) -> None:
        """Append one byte (0..255). Raises TooLarge when full."""
        if self.end >= self.limit:
            self.make_room(1)
        self.data[self.end] = byte
        self.end += 1

    def make_room(self, n: int) -> None:
        """Move the content to the front, so that ``n`` bytes fit behind it; else TooLarge."""
        if n > self.room():
            raise TooLarge("%d bytes do not fit in %d of %d" % (n, self.room(), self.limit))
        self.pack()

    def pack(self) -> None:
        """Move the content to the front."""
        if self.start:
            n = self.end - self.start
            port.move(self.data, 0, self.data, self.start, n)
            self.start = 0
            self.end = n
