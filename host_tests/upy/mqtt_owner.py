"""The owner of a `motelink.mqtt_session`, faked: it records what the session tells it. And the
packets of a broker, written by hand.
"""

from motelink.mqtt_inbound import RESERVE
from motelink.mqtt_session import Session
from motelink.stream import Stream
from wire import Endless, Wire

CONNACK = b"\x20\x02\x00\x00"
PRESENT = b"\x20\x02\x01\x00"
PINGRESP = b"\xd0\x00"
PUBACK, PUBREC, PUBREL, PUBCOMP = 0x40, 0x50, 0x62, 0x70


def pub(topic, payload, qos=0, pid=0, dup=0, retain=0):
    """A PUBLISH."""
    body = bytes([len(topic) >> 8, len(topic) & 255]) + topic
    if qos:
        body += bytes([pid >> 8, pid & 255])
    body += payload
    return bytes([0x30 | dup << 3 | qos << 1 | retain]) + length(len(body)) + body


def length(n):
    """A remaining length."""
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return out


def ack(kind, pid):
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""
    return bytes([kind, 2, pid >> 8, pid & 255])


def packets(data):
    """Cut what was sent into (first byte, body)."""
    found = []
    while data:
        n = data[1]
        at = 2
        if n > 127:
            n = n & 127 | data[2] << 7
            at = 3
        found.append((data[0], data[at : at + n]))
        assert len(data) >= at + n, data
        data = data[at + n :]
    return found


class Owner(Stream):
    """``events``: what the session told, in order. ``failure``: what `push` raised."""

    connected = present = False
    in_flight = 0

    def __init__(self, rx_size=64, tx_size=256, window=4, slot_size=100, ids=4, clean=False):
        super().__init__(rx_size, tx_size + RESERVE)
        self.sock = Wire()
        self.events = []
        self.failure = None
        self.on_message = None
        self.session = Session(self, window, slot_size, ids, clean)

    def push(self):
        try:
            self.flush()
        except OSError as error:
            self.failure = error
            self.session.closed()

    def send(self, n):
        self.tx.end = n
        self.push()
        return self.session.state != 0

    def connect(self, *segments):
        """A new connection, CONNACK, and more; returns the owner."""
        self.sock = Wire()
        self.rx.clear()
        self.tx.clear()
        self.session.opened(False)
        self.feed(*(segments or (CONNACK,)))
        return self

    def drop(self):
        """The connection ends."""
        self.session.closed()
        self.events.append("closed")

    def feed(self, *segments):
        """Receive these segments; returns the events so far."""
        self.sock.incoming += segments
        while not self.session.blocked and self.fill():
            self.session.received()
        return self.events

    def sent(self):
        """The packets sent since the last time."""
        if self.tx.end:
            self.flush()
        data = self.sock.sent
        self.sock.sent = b""
        return packets(data)

    def accepted(self):
        self.events.append("accepted")

    def deliver(self, message):
        self.events.append((message.topic.text(), message.bytes(), message.qos, message.retain))
        if self.on_message:
            self.on_message(message)

    def chunk(self, message, at, total):
        topic = message.topic.text() if at == 0 else None
        self.events.append(("chunk", topic, message.bytes(), at, total))

    def oversize(self, size):
        self.events.append(("oversize", size))

    def granted(self, item, code):
        self.events.append((item, code))


class Ring(Endless):
    """Reads find ``segment`` again and again, cut as the reader's room has it."""

    def __init__(self, segment):
        super().__init__(segment)
        self.at = 0

    def readinto(self, buf, n):
        for i in range(n):
            buf[i] = self.segment[self.at]
            self.at = (self.at + 1) % len(self.segment)
        return n


class Counter(Owner):
    """An owner that only counts, and allocates nothing; every read finds ``segment``."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.connect()
        self.sent()
        self.sock = Endless(b"")
        self.messages = 0
        self.oversized = 0

    def step(self):
        if self.fill():
            self.session.received()
        self.push()

    def push(self):
        if self.tx.end:
            self.flush()

    def deliver(self, message):
        self.messages += 1

    def chunk(self, message, at, total):
        self.messages += 1

    def oversize(self, size):
        self.oversized += 1


def ready(**sizes):
    """An `Owner` that is connected, with nothing in its records."""
    owner = Owner(**sizes).connect()
    owner.session.last_id = 0
    owner.events.clear()
    return owner
