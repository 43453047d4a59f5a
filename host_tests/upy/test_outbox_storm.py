"""motelink.mqtt_outbox on a bad day: connections lost at any moment, acknowledgements that are
lost, late, twice or in any order, and messages of the user's own at QoS 1 and 2 in between.
"""

from box import clean
from kit import Random
from losant_kettle import STATE, device
from motelink import log
from motelink.clock import Clock
from motelink.losant_outbox import Forwarder
from motelink.outbox import Outbox
from motelink.port import ticks_ms
from mqtt_owner import PUBACK, ack

HEAP = "256k"
PUBREC, PUBREL, PUBCOMP = 0x50, 0x62, 0x70
OWN = b"own"


class _Broker:
    """What has reached it, in its order; what it owes; what it has acknowledged."""

    def __init__(self, rand, client):
        self.rand = rand
        self.client = client
        self.states = []
        self.own = []
        self.owed = []
        self.acked = []

    def connect(self):
        client = self.client
        if client.sock:
            client.drop(0, None)
        del self.owed[:]
        client.turn(0)
        if not client.sock:
            return
        client.ready(4)
        client.sent()
        client.get(b"\x20\2\0\0")

    def read(self):
        """What the client has sent; some of it is lost with the connection."""
        if not self.client.sock:
            return
        for kind, body in self.client.sent():
            if kind & 0xF0 == 0x30:
                n = 2 + (body[0] << 8 | body[1])
                topic = bytes(body[2:n])
                qos = kind >> 1 & 3
                number = int(bytes(body[n + 2 :]).split(b":")[-1].split(b"}")[0])
                (self.states if topic == STATE else self.own).append((number, qos))
                pid = body[n] << 8 | body[n + 1]
                self.owed.append((ack(PUBACK if qos == 1 else PUBREC, pid), number))
            elif kind == PUBREL:
                self.owed.append((ack(PUBCOMP, body[0] << 8 | body[1]), None))
            elif kind == 0x82:
                self.client.get(b"\x90\3" + bytes(body[:2]) + b"\0")

    def answer(self, orderly):
        """Some of what is owed, in any order, and some of it twice."""
        self.read()
        while self.owed and self.client.sock and (orderly or self.rand.below(3)):
            at = 0 if orderly else self.rand.below(len(self.owed))
            packet, number = self.owed.pop(at)
            self.client.get(packet)
            self.acked.append(number)
            if not orderly and packet[0] == PUBACK and not self.rand.below(4) and self.client.sock:
                self.client.get(packet)
            self.read()


class _Day:
    """``kept``: the states that `publish` took; ``own``: the user's messages that it took."""

    def __init__(self, seed, window, always):
        clean("box")
        self.rand = Random(seed)
        self.made = made = device(clock=Clock(lambda: 0, lambda: 5), tx_size=1024)
        self.client = made.client
        self.box = Outbox("box", 64, 300, 40, "refuse")
        self.forwarder = Forwarder(made, self.box, window, always)
        self.forwarder.loop = self.client.loop
        self.forwarder.pace = 0
        self.broker = _Broker(self.rand, self.client)
        self.kept = []
        self.own = []

    def act(self, i):
        """Anything may happen."""
        rand = self.rand
        act = rand.below(12)
        if act < 5:
            if self.made.publish(b'{"data":{"i":%d}}' % i):
                self.kept.append(i)
        elif act < 7:
            qos = 1 + rand.below(2)
            if self.client.connected and self.client.publish(OWN, b'{"i":%d}' % i, qos):
                self.own.append((i, qos))
        elif act < 9:
            self.forwarder.turn(ticks_ms())
        elif act < 11:
            self.broker.answer(False)
        else:
            if rand.below(2):
                self.broker.read()
            self.broker.connect()

    def unsafe(self):
        """States that are not acknowledged, but for those in flash."""
        acked = self.broker.acked
        return len([i for i in self.kept if i not in acked]) - self.box.count

    def calm(self):
        """All is well again."""
        for _ in range(150):
            if not self.client.connected:
                self.broker.connect()
            self.broker.answer(True)
            self.forwarder.turn(ticks_ms())
        first = []
        for i, _ in self.broker.states:
            if i not in first:
                first.append(i)
        return first


def _storm(seed, window, always):
    day = _Day(seed, window, always)
    for i in range(150):
        day.act(i)
        assert 0 <= day.forwarder.flying <= window and (not always or day.unsafe() <= 0), seed
    first = day.calm()
    box = day.box
    assert (box.count, day.forwarder.flying, day.client.in_flight) == (0, 0, 0), seed
    assert first == day.kept and set(day.own) <= set(day.broker.own), (seed, first, day.kept)
    assert [qos for _, qos in day.broker.states if qos != 1] == []
    assert day.forwarder.unwanted == box.refused == box.dropped == box.corrupt == 0
    box.close()
    return len(day.kept)


def test_whatever_the_connection_does_all_arrive_in_order():
    log.set_level("off")
    kept = 0
    for seed in range(1, 9):
        kept += _storm(seed, 1 + seed % 3, seed % 2 == 0)
    assert kept > 350, kept
    log.set_level("info")
