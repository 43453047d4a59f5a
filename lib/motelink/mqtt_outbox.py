"""Records of an outbox as MQTT messages at QoS 1: `motelink.outbox_forward` for MQTT clients.

A record has arrived when its PUBACK has: at least once, and the broker has it. What is not
acknowledged when a connection is lost stays in the window, and is sent again, before the records
that wait, on the next one. Allocates nothing.
"""

from motelink.errors import ConfigError, TooLarge
from motelink.mqtt_inbound import RESERVE
from motelink.mqtt_session import slots
from motelink.outbox_forward import Forwarder as Base
from motelink.port import SLACK, const, copy_into, move

_PUBACK = const(0x40)
_QOS_1 = const(0x32)
_AROUND = const(9)  # bytes of a packet besides topic and payload, at most


class Forwarder(Base):
    """``client``: a `motelink.mqtt.Client` that has not begun; its window gets ``window`` more
    slots, of ``slot_size`` bytes at least, and none of its own messages loses one. ``always``:
    also what could be sent at once is in flash first.

    Subclasses have ``topic(name)``: where a record of this name is published, None: not now.
    Raises ConfigError.
    """

    def __init__(self, client, box, window, slot_size, always):
        super().__init__(client, box, window)
        if client.in_flight or client.connected:
            raise ConfigError("an outbox comes before the connection")
        self.always = always
        self._session = session = client._session
        self._spare = len(session.window)  # slots that we leave free
        self._ids = [0] * window  # packet ids of those on their way
        self._first = 0  # of the oldest, in there
        for slot in session.window:
            slot_size = max(slot_size, len(slot.data) - RESERVE - SLACK)
        if slot_size + RESERVE > client.tx.limit:
            raise ConfigError("a record of %d bytes needs a larger tx_size" % slot_size)
        session.window = slots(self._spare + window, slot_size)

    def offer(self, name, topic, payload) -> bool:
        """Publish: at once, where nothing waits and the window has room; otherwise the record is
        put. ``name``: of the record; both as bytes. Raises TooLarge."""
        if (
            not (self.always or self.box.count)
            and self._room()
            and self.client.publish(topic, payload, 1)
        ):
            return True
        return self.put(name, payload)

    def ready(self) -> bool:
        """Whether the broker takes messages."""
        return self.client.connected

    def lost(self) -> None:
        """The window keeps what is not acknowledged."""

    def settle(self, _now: int) -> None:
        """Who is not in the window any more was acknowledged."""
        while self.flying and not self._waits(self._ids[self._first]):
            self._first = (self._first + 1) % self.window
            self.arrived()

    def pass_on(self, record) -> bool:
        """Publish a record; False: not now."""
        client = self.client
        if client.tx.end:
            client.push()
        if not client.connected or client.tx.end or not self._room():
            return False
        topic = self.topic(record.topic)
        if topic is None:
            return False
        session = self._session
        slot = session.window[client.in_flight]
        n = len(topic) + len(record.payload)
        if n + _AROUND > len(slot.data) - RESERVE - SLACK:
            raise TooLarge("topic and payload take %d bytes" % n)
        slot.id = session.new_id()
        self._ids[(self._first + self.flying) % self.window] = slot.id
        _pack(slot, topic, record.payload, n + 4)
        slot.want = _PUBACK
        client.in_flight += 1
        session.send(slot)
        return True

    def _room(self) -> bool:
        return self.client.in_flight < self.window

    def _waits(self, pid: int) -> bool:
        session = self._session
        for i in range(self.client.in_flight):  # noqa: SIM110 any() would make a generator
            if session.window[i].id == pid:
                return True
        return False


def _pack(slot, topic, payload, n: int) -> None:
    """A PUBLISH (3.3) of ``n`` bytes after its length, ``payload`` a view: `Session.pack` would
    need a slice of it."""
    data = slot.data
    data[0] = _QOS_1
    at = 1
    while n > 127:
        data[at] = n & 127 | 128
        n >>= 7
        at += 1
    data[at] = n
    n = len(topic)
    data[at + 1] = n >> 8
    data[at + 2] = n & 255
    at += 3
    copy_into(data, at, topic, n)
    at += n
    data[at] = slot.id >> 8
    data[at + 1] = slot.id & 255
    n = len(payload)
    move(data, at + 2, payload.data, payload.start, n)
    slot.end = at + 2 + n
