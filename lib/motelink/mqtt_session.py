"""MQTT 3.1.1, the client's side of a session: what is sent, and what is still owed. Sans-I/O.

``state`` is

= ========== =============================== =========================================
  state      may come                        goes on to
= ========== =============================== =========================================
0 CLOSED     -                               CONNECTING: `opened`
1 CONNECTING CONNACK, alone                  RESENDING
2 RESENDING  anything but CONNACK            READY: all that was not acknowledged is sent
3 READY      anything but CONNACK            -
= ========== =============================== =========================================

and every other packet is a ProtocolError; `closed` leads to CLOSED from everywhere. A message
sent at QoS 1 or 2 stays in its slot of the window, as the packet that it is, until it is
acknowledged; of messages received at QoS 2 the ids stay until they are released. Both outlive the
connection, so that nothing is lost and nothing comes twice (section 4.4 of the standard).
"""

from struct import pack_into

from motelink.buffer import Message
from motelink.mqtt_inbound import Inbound, failure, prepared
from motelink.port import SLACK, const, copy_into

_CLOSED = const(0)
_CONNECTING = const(1)
_RESENDING = const(2)
_READY = const(3)

_CONNACK = const(0x20)
_PUBACK = const(0x40)
_PUBREC = const(0x50)
_PUBREL = const(0x62)
_PUBCOMP = const(0x70)
_SUBSCRIBE = const(0x82)
_SUBACK = const(0x90)
_UNSUBACK = const(0xB0)
_PINGREQ = const(b"\xc0\0")
_PINGRESP = const(0xD0)
_DUP = const(8)
_RESERVE = const(8)  # as in mqtt_inbound


def slots(count, size):
    """So many places of a window: each a `Message`, ``data[:end]`` is a PUBLISH of up to ``size``
    bytes."""
    window: list = []
    while len(window) < count:
        slot = Message(bytearray(size + _RESERVE + SLACK))
        slot.id = 0
        slot.want = 0  # the acknowledgement that comes next
        slot.age = 0  # 0: to be sent on this connection; then doubled by each tick
        window.append(slot)
    return window


class Session(Inbound):
    """``window``: so many slots, each for a packet of ``slot_size`` bytes (topic, payload and up
    to 9), ``owner.in_flight`` of them in use, the oldest first. ``ids``: how many QoS 2 messages
    the broker may begin before it ends one. ``clean``: what CONNECT says.

    ``owner`` gives ``rx`` and ``tx``; ``push()``, which sends what is in ``tx``; ``send(n)``,
    which sends ``tx.data[tx.start:n]`` when ``tx`` is empty, and says whether the connection
    still is. Both report an error by themselves. Its attributes ``connected`` (we are READY),
    ``present`` (the broker remembered the session) and ``in_flight``, False, False and 0 at first,
    are set here. It is told ``accepted()``, ``deliver(message)``, ``chunk(message, at, total)``,
    ``oversize(size)`` and ``granted(filter, code)``.
    """

    def __init__(self, owner, window: int, slot_size: int, ids: int, clean: bool):
        super().__init__(owner, ids)
        self.clean = clean
        self.window = slots(window, slot_size)
        self.subscriptions: tuple = ()  # SUBSCRIBE packets
        self.waiting: tuple = ()  # those, and UNSUBSCRIBE, that are not answered
        self.asked = 0  # packet id of waiting[0], once that is sent
        self.age = 0  # of it, in ticks
        # After a restart of ours the broker may know ids of before: begin somewhere else.
        from motelink.port import getrandbits

        self.last_id = getrandbits(15)
        self._pinged = False
        self.ticks = 0

    def opened(self, tls: bool) -> None:
        """The connection is open, CONNECT is sent or in ``tx``. Without ``tls`` `publish` writes
        to the socket of ``owner`` by itself, which takes fewer steps."""
        self._again = None  # takes the next payload
        if not tls:
            repeat = self._repeat()
            next(repeat)
            self._again = repeat.send
        self.state = _CONNECTING

    def closed(self) -> None:
        """The connection has ended."""
        self.state = _CLOSED
        self.owner.connected = False
        self.blocked = self._pinged = False
        self._fresh = self._again = None  # with the socket that it writes to
        self._left = self._skip = self.ticks = self.asked = 0
        for i in range(self.owner.in_flight):
            slot = self.window[i]
            slot.age = 0
            slot.data[0] |= _DUP

    def publish(self, topic, payload, qos=0, retain=False) -> bool:
        """Send a message. True when it was taken: at QoS 0 by the socket, at QoS 1 and 2 by the
        window, which sends it again after a reconnect until it is acknowledged.

        ``topic``: a str, or bytes that are taken as they are (`prepared` makes them);
        ``payload``: bytes, or a str. Only a str allocates. False when not connected, when the
        window is full, or while the socket takes nothing. Raises TooLarge, ValueError.
        """
        if topic is not self._fresh or qos or retain:
            return self._begin(topic, payload, qos, retain)
        qos = self._again(payload)
        return self._begin(topic, payload, 0, retain) if qos is None else qos

    def _repeat(self):
        """Sends the packet that ``tx`` still has, with another payload; yields what `publish`
        returns, or None for what it cannot send. A generator, because its names are found and its
        frame is allocated once a connection."""
        write = self.owner.sock.write
        out = self.tx.data
        text = str
        size = len
        pack = pack_into
        done = None
        try:
            while True:
                payload = yield done
                n = size(payload)
                if n > self._fits or payload.__class__ is text:
                    done = None
                    continue
                at = self._at
                pack("64s", out, at, payload)
                n += at
                out[1] = n - 2
                try:
                    sent = write(out, 0, n)
                except OSError:
                    sent = 0  # the next write meets it again
                done = sent == n
                if not done:
                    self._fresh = None
                    self.tx.start = sent or 0  # None: not one
                    done = self.owner.send(n)
        except (Exception, KeyboardInterrupt):
            self._fresh = self._again = None
            raise

    def _begin(self, topic, payload, qos: int, retain) -> bool:
        name = topic
        if isinstance(topic, str):
            topic = prepared(topic)
        if isinstance(payload, str):
            payload = payload.encode()
        if self.tx.end:
            self.owner.push()
        if self.state != _READY or self.tx.end:
            return False
        if qos:
            return self._keep(topic, payload, qos, retain)
        n = self.pack(self.tx.data, 0x31 if retain else 0x30, topic, payload, 0)
        self._fresh = None
        if not self.owner.send(n):
            return False
        if self._again and n < 130 and not (retain or self.tx.end or isinstance(topic, bytearray)):
            self._fresh = name
            self._at = at = 4 + len(topic)
            self._fits = min(SLACK, 129 - at, self.tx.limit - _RESERVE - 9 - len(topic))
        return True

    def _keep(self, topic, payload, qos: int, retain) -> bool:
        """`publish` at QoS 1 and 2."""
        if qos not in (1, 2):
            raise failure("qos", qos)
        if self.owner.in_flight == len(self.window):
            return False
        slot = self.window[self.owner.in_flight]
        slot.id = self.new_id()
        slot.want = _PUBACK if qos == 1 else _PUBREC
        qos = 0x30 | qos << 1 | bool(retain)
        slot.end = self.pack(slot.data, qos, topic, payload, slot.id)
        self.owner.in_flight += 1
        self.send(slot)
        return True

    def pack(self, data, kind: int, topic, payload, pid: int) -> int:
        """Write a PUBLISH (3.3) to ``data``; returns its length."""
        size = len(topic)
        more = len(payload)
        n = size + more + (4 if pid else 2)
        if n + 5 > len(data) - SLACK - _RESERVE:
            raise failure("limit", n, len(data) - SLACK - _RESERVE)
        data[0] = kind
        at = 1
        while n > 127:
            data[at] = n & 127 | 128
            n >>= 7
            at += 1
        data[at] = n
        at += 1
        pack_into(">H64s", data, at, size, topic)
        if size > SLACK:
            copy_into(data, at + 2, topic, size)
        at += 2 + size
        if pid:
            data[at] = pid >> 8
            data[at + 1] = pid & 255
            at += 2
        copy_into(data, at, payload, more)
        return at + more

    def send(self, slot) -> None:
        """Send what a slot owes; ``tx`` is empty."""
        slot.age = 1
        if slot.want == _PUBCOMP:
            self.answer(_PUBREL, slot.id)
            self.owner.push()
        else:
            self._fresh = None
            copy_into(self.tx.data, 0, slot.data, slot.end)
            self.owner.send(slot.end)

    def put(self, data) -> None:
        """Put a whole packet into ``tx``."""
        self._fresh = None
        self.tx.put(data)

    def new_id(self) -> int:
        """1 to 65535, none that is in use."""
        pid = self.last_id
        while True:
            pid = pid % 65535 + 1
            for slot in self.window:
                if slot.id == pid:
                    break
            else:
                if pid != self.asked:
                    self.last_id = pid
                    return pid

    def tick(self, ping_ticks: int) -> None:
        """Time has passed: raises TimedOut for what is owed for longer than a tick; every
        ``ping_ticks`` ticks, and while ``tx`` does not empty, puts a PINGREQ into it."""
        if self.state == _CONNECTING:
            raise failure("opened")
        if self._pinged:
            raise failure("ping")
        for i in range(self.owner.in_flight):
            slot = self.window[i]
            if slot.age > 1:
                raise failure("age", slot.id)
            slot.age <<= 1
        self.ticks += 1
        if self.ticks >= ping_ticks or self.tx.end:
            self.ticks = 0
            self._pinged = True
            self.put(_PINGREQ)
        if self.waiting and self.state == _READY:
            from motelink import mqtt_resume

            mqtt_resume.tick(self)

    def resume(self) -> None:
        """``tx`` is empty: go on with what waited for that."""
        self.blocked = False
        if self.state == _RESENDING:
            from motelink import mqtt_resume

            mqtt_resume.resume(self)
        self.received()

    def _control(self, kind: int, at: int, n: int) -> None:
        """Read any packet but PUBLISH."""
        data = self.rx.data
        if kind == _PINGRESP and not n:
            self._pinged = False
            return
        pid = data[at] << 8 | data[at + 1] if n > 1 else 0
        if kind == _CONNACK and n == 2 and self.state == _CONNECTING:
            from motelink import mqtt_resume

            mqtt_resume.connected(self, pid)
        elif not pid or (n != 2 and kind != _SUBACK):
            raise failure("size", n, kind)
        elif kind in (_PUBACK, _PUBREC, _PUBCOMP):
            self._acknowledged(kind, pid)
        elif kind == _PUBREL:
            self.release(pid)
            self.answer(_PUBCOMP, pid)
        elif kind in (_SUBACK, _UNSUBACK):
            if pid == self.asked:
                from motelink import mqtt_resume

                mqtt_resume.answered(self, kind, at + 2, at + n)
        else:
            raise failure("kind", kind)

    def _acknowledged(self, kind: int, pid: int) -> None:
        window = self.window
        for i in range(self.owner.in_flight):
            slot = window[i]
            if slot.id == pid:
                if slot.want == kind:
                    if kind == _PUBREC:
                        slot.want = _PUBCOMP
                        slot.age = 1
                    else:
                        slot.id = 0
                        window.pop(i)
                        window.append(slot)
                        self.owner.in_flight -= 1
                elif kind != _PUBREC or slot.want != _PUBCOMP:
                    raise failure("want", kind)
                break
        # Also to what we do not know: the broker can then forget it.
        if kind == _PUBREC:
            self.answer(_PUBREL, pid)
