"""The owner of a `motelink.manager_*` framing, faked: it records what the framing tells it."""

from motelink.manager_info import framing
from motelink.stream import Stream
from wire import Endless, Wire

DIALECTS = ("raw", "terminated", "length")
END = 3

GETINFO = {"raw": b"\x01", "terminated": b"\x01\xff", "length": b"\x00\x01\x01"}
HEART = {"raw": b"\x02", "terminated": b"\x02\xff", "length": b"\x00\x01\x02"}
BYE = {"raw": b"end\n", "terminated": b"\x03\xff", "length": b"\x00\x01\x03"}
BEAT = {"raw": b"beat", "terminated": b"\x02", "length": b"\x00\x01\x02"}


def frame(dialect, payload):
    """An application message as the server sends it."""
    if dialect == "terminated":
        return payload + b"\xff"
    if dialect == "length":
        return bytes([len(payload) >> 8, len(payload) & 0xFF]) + payload
    return payload


class Ended(Exception):
    """The framing has read the end."""


class Owner(Stream):
    """Reads as a client does: what a socket gives, into ``rx``, and from there to the framing.

    ``events``: ``("command", byte)``, ``("message", bytes)``, ``("chunk", bytes, at, total)`` and
    ``("oversize", size)``; getinfo is answered with ``info``.
    """

    def __init__(self, dialect, rx_size=64, tx_size=256, info=b"info"):
        super().__init__(rx_size, tx_size)
        self.sock = Wire()
        self.info = info
        self.events = []
        self.beats = 0
        self.heard = False
        self.deadline = None
        self.framing = framing(dialect, rx_size)(self)

    def feed(self, *segments):
        """Receive these segments; returns the events so far."""
        self.sock.incoming += segments
        while self.fill():
            self.framing.received()
        return self.events

    def sent(self):
        """What was sent since the last time."""
        if self.tx.end:
            self.flush()
        data = self.sock.sent
        self.sock.sent = b""
        return data

    def command(self, byte):
        self.events.append(("command", byte))
        if byte == END:
            raise Ended
        self.framing.put(self.info)

    def deliver(self, start, end):
        self.events.append(("message", bytes(self.rx.data[start:end])))

    def chunk(self, start, end, at, total):
        self.events.append(("chunk", bytes(self.rx.data[start:end]), at, total))

    def oversize(self, size):
        self.events.append(("oversize", size))


class Counter(Owner):
    """An owner that only counts, and allocates nothing; every read finds ``segment``."""

    def __init__(self, dialect, segment, rx_size=64):
        super().__init__(dialect, rx_size)
        self.sock = Endless(segment)
        self.commands = 0
        self.messages = 0
        self.chunks = 0
        self.oversized = 0

    def step(self):
        if self.fill():
            self.framing.received()
        if self.tx.end:
            self.flush()

    def command(self, byte):
        self.commands += 1
        self.framing.put(self.info)

    def deliver(self, start, end):
        self.messages += 1

    def chunk(self, start, end, at, total):
        self.chunks += 1

    def oversize(self, size):
        self.oversized += 1
