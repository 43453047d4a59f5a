"""What a broker sends, cut into packets: the receiving half of `motelink.mqtt_session`. Sans-I/O.

Reads ``rx`` in place. A PUBLISH larger than ``rx`` is handed on in chunks or skipped, whatever its
size; the size of any other packet is known beforehand. Sections are those of MQTT 3.1.1.
"""

from struct import pack_into

from motelink.buffer import Message
from motelink.port import const
from motelink.utf8 import is_utf8

_CONNECTING = const(1)
_CONNACK = const(0x20)
_PUBLISH = const(3)
_PUBACK = const(0x40)
_PUBREC = const(0x50)
_SUBACK = const(0x90)
_DUP = const(8)
# What tx keeps free: an acknowledgement, and a ping, behind a message that waits.
RESERVE = const(8)


def is_topic(data, at: int, end: int) -> bool:
    """Whether ``data[at:end]`` can be a message's topic (1.5.3, 4.7): UTF-8, 1 to 65535 bytes,
    without NUL, ``+`` and ``#``. Allocates nothing."""
    return (
        at < end < at + 65536
        and is_utf8(data, at, end)
        and data.find(b"\0", at, end) < 0
        and data.find(b"+", at, end) < 0
        and data.find(b"#", at, end) < 0
    )


def prepared(topic: str) -> bytes:
    """A topic checked and encoded, for publishing to it often. Raises ValueError."""
    data = topic.encode()
    if not is_topic(data, 0, len(data)):
        raise failure("topic", topic)
    return data


def failure(name: str, *values):
    """The error to raise: `motelink.mqtt_failures` makes it, and is loaded for that alone."""
    from motelink import mqtt_failures
    from motelink.port import forget

    error = getattr(mqtt_failures, name)(*values)
    forget("mqtt_failures")
    return error


def received(data):
    """A received message: a `Message`, of its payload, with ``topic``, a `Message`, too; ``qos``
    and ``retain``."""
    message = Message(data)
    message.topic = Message(data)
    message.qos = 0
    message.retain = 0
    return message


class Inbound:
    """``ids``: how many QoS 2 messages may be unreleased at once. ``owner``: see `Session`, which
    adds ``_control(kind, at, n)`` for all packets but PUBLISH, and the states."""

    def __init__(self, owner, ids: int):
        from array import array

        self.owner = owner
        self.rx = owner.rx
        self.tx = owner.tx
        self.state = 0
        self.blocked = False  # tx must become empty first, then `Session.resume`
        # The topic, with payloads of so many bytes at that place, that tx.data still has from the
        # last publication at QoS 0; None when something else was put there since.
        self._fresh = None
        self._fits = 0
        self._at = 0
        self.message = received(self.rx.data)
        self.ids = array("H", bytes(2 * ids))
        self._known = 0  # so many of them are unreleased
        # Topics that were subscribed to by name, as bytes: to find one is faster than to check it.
        self.topics: tuple = ()
        self._left = 0  # bytes to come of a PUBLISH larger than rx
        self._skip = 0  # of those, topic that does not fit into rx
        self.size = 0  # of its payload
        self.id = 0
        self._wanted = True

    def received(self) -> None:
        """Consume what was received. Raises ProtocolError, AuthError. Allocates nothing."""
        rx = self.rx
        tx = self.tx
        while rx.start < rx.end:
            if tx.end - tx.start > tx.limit - RESERVE:
                self.blocked = True
            if self.blocked or not (self._rest(rx) if self._left else self._packet(rx)):
                return

    def answer(self, kind: int, pid: int) -> None:
        """Put an acknowledgement into ``tx``."""
        self._fresh = None
        tx = self.tx
        if tx.end + 4 > tx.limit:
            tx.make_room(4)
        pack_into(">BBH", tx.data, tx.end, kind, 2, pid)
        tx.end += 4

    def _packet(self, rx) -> bool:
        """Read a packet; False when more of it must come first."""
        # Here and below: frames of more than 11 words come from the heap, so names are few.
        data = rx.data
        kind = data[rx.start]
        at = rx.start + 1
        end = 0
        while True:  # the remaining length (2.2.3)
            if at == rx.end:
                return False
            end |= (data[at] & 127) << 7 * (at - rx.start - 1)
            at += 1
            if data[at - 1] < 128:
                break
            if at - rx.start > 4:
                raise failure("length")
        if self.state == _CONNECTING and kind != _CONNACK:
            raise failure("state", kind)
        end += at
        if kind >> 4 == _PUBLISH:
            if end > rx.end:
                return end - rx.start > rx.limit and self._large(kind, at, end)
            rx.start = end
            self._publish(kind, at, end)
        else:
            if (end - at > 2 and kind != _SUBACK) or end - rx.start > rx.limit:
                raise failure("size", end - at, kind)
            if end > rx.end:
                return False
            rx.start = end
            end -= at
            self._control(kind, at, end)
        return True

    def _publish(self, kind: int, at: int, end: int) -> None:
        at = self._topic(kind, at, end)
        message = self.message
        kind = message.qos  # from here on: a name less
        pid = 0
        if kind:
            pid = self._read_id(at)
            at += 2
        if kind < 2 or self._remember(pid):
            message.start = at
            message.end = end
            self.owner.deliver(message)
        if kind:
            self._confirm(kind, pid)

    def _topic(self, kind: int, at: int, end: int) -> int:
        """Read flags and topic (3.3.1, 3.3.2) of a PUBLISH, so far as it is there already;
        returns where the topic ends."""
        data = self.rx.data
        self.message.retain = kind & 1
        self.message.qos = kind >> 1 & 3
        topic = self.message.topic
        topic.start = at + 2
        at += data[at] << 8 | data[at + 1]
        at += 2
        topic.end = at
        if (
            kind & 6 == 6
            or kind & 14 == _DUP
            or at + (2 if kind & 6 else 0) > end
            or (at <= self.rx.end and not self.is_topic(data, topic.start, at))
        ):
            raise failure("publish")
        return at

    def is_topic(self, data, at: int, end: int) -> bool:
        for name in self.topics:
            if len(name) == end - at and data.find(name, at, end) == at:
                return True
        return is_topic(data, at, end)

    def _large(self, kind: int, at: int, end: int) -> bool:
        """Begin with a PUBLISH larger than rx; False when more of it must come first."""
        rx = self.rx
        if rx.end - at < 2:
            return False
        start = self._topic(kind, at, end)
        if start + 3 - rx.start > rx.limit:
            self._skip = start - at - 2
            start = at + 2
            topic = self.message.topic
            topic.end = topic.start
        elif rx.end < start + 3:
            return False  # the first chunk comes with its topic
        rx.start = start
        self._left = end - start
        self.size = end - start - self._skip - (2 if self.message.qos else 0)
        self.id = 0
        self._wanted = True
        return True

    def _rest(self, rx) -> bool:
        """Go on with a PUBLISH larger than rx; False when more of it must come first."""
        message = self.message
        qos = message.qos
        at = rx.start
        n = rx.end - at
        piece = False
        if self._skip:
            if n > self._skip:
                n = self._skip
            self._skip -= n
        elif qos and not self.id:
            if n < 2:
                return False
            n = 2
            self.id = self._read_id(at)
            self._wanted = qos == 1 or self.find(self.id) < 0
        else:
            if n > self._left:
                n = self._left
            piece = self._wanted
        rx.start = at + n
        self._left -= n
        if piece:
            message.start = at
            message.end = at + n
            self.owner.chunk(message, self.size - self._left - n, self.size)
        if not self._left and self.state:
            if self._wanted:
                if qos == 2:
                    self._remember(self.id)
                self.owner.oversize(self.size)
            self._confirm(qos, self.id)
        return True

    def _confirm(self, qos: int, pid: int) -> None:
        # A handler may have closed the connection.
        if qos and self.state:
            self.answer(_PUBACK if qos == 1 else _PUBREC, pid)

    def _read_id(self, at: int) -> int:
        data = self.rx.data
        pid = data[at] << 8 | data[at + 1]
        if not pid:
            raise failure("pid")
        return pid

    def find(self, pid: int) -> int:
        ids = self.ids
        for i in range(self._known):
            if ids[i] == pid:
                return i
        return -1

    def _remember(self, pid: int) -> bool:
        """Keep the id of a QoS 2 message until it is released; False when it is known."""
        if self.find(pid) >= 0:
            return False
        if self._known == len(self.ids):
            raise failure("ids", self._known)
        self.ids[self._known] = pid
        self._known += 1
        return True

    def release(self, pid: int) -> None:
        i = self.find(pid)
        if i >= 0:
            self._known -= 1
            self.ids[i] = self.ids[self._known]
