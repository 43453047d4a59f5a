"""Sockets in memory with the contract of `motelink.port`'s sockets: ``readinto(buf, n)`` and
``write(buf, at, n)`` return a count, 0 for end of stream, None when it would block.
"""


class Wire:
    """``incoming``: what reads find, in order: bytes (one segment; b"" is the end of the stream),
    or an exception to raise. When it is empty a read would block.

    ``sent``: what was written. ``take``: bytes that writes still take, None without limit;
    ``most``: bytes that one write takes.
    """

    def __init__(self, *incoming, take=None, most=1 << 20):
        self.incoming = list(incoming)
        self.sent = b""
        self.writes = 0
        self.take = take
        self.most = most
        self.closed = False

    def readinto(self, buf, n):
        if not self.incoming:
            return None
        segment = self.incoming.pop(0)
        if isinstance(segment, Exception):
            raise segment
        if len(segment) > n:
            self.incoming.insert(0, segment[n:])
            segment = segment[:n]
        buf[: len(segment)] = segment
        return len(segment)

    def write(self, buf, at, n):
        if isinstance(self.take, Exception):
            raise self.take
        self.writes += 1
        n = min(n, self.most)
        if self.take is not None:
            n = min(n, self.take)
            if not n:
                return None
            self.take -= n
        self.sent += bytes(memoryview(buf)[at : at + n])
        return n

    def close(self):
        self.closed = True


class Endless:
    """Every read finds the same segment, every write is taken. Allocates nothing: it is for
    statements about memory.
    """

    def __init__(self, segment):
        self.segment = segment
        self.written = 0

    def readinto(self, buf, n):
        i = 0
        for byte in self.segment:
            if i == n:
                break
            buf[i] = byte
            i += 1
        return i

    def write(self, buf, at, n):
        self.written += n
        return n

    def close(self):
        """Stays open."""
