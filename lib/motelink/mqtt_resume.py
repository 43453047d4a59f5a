"""What an MQTT session does at the beginning of a connection: it reads CONNACK, sends again what
was not acknowledged, and subscribes. `motelink.mqtt_session` loads this when it needs it, and
drops it when all is answered. Sections are those of MQTT 3.1.1.
"""

from motelink import port
from motelink.errors import AuthError, ConnectionLost, ProtocolError, TimedOut
from motelink.mqtt_inbound import RESERVE

const = port.const

_RESENDING = const(2)
_READY = const(3)
_SUBACK = const(0x90)
_PUBCOMP = const(0x70)
_DUP = const(8)


def connected(session, flags: int) -> None:
    """CONNACK: flags, code (3.2). Raises ProtocolError, AuthError, ConnectionLost."""
    code = flags & 255
    if flags >> 9 or code > 5 or (flags >> 8 and (code or session.clean)):
        raise ProtocolError("a CONNACK of %04x" % flags)
    if code:
        refused = (  # from 1 (3.2.2.3)
            "unacceptable protocol version",
            "client id rejected",
            "server unavailable",
            "bad user name or password",
            "not authorized",
        )
        kind = ConnectionLost if code == 3 else AuthError
        error = kind("refused by the broker: %s (%d)" % (refused[code - 1], code))
        error.code = code  # type: ignore[union-attr]
        raise error
    session.owner.present = flags > 255
    if flags < 256:
        _afresh(session)
    session.state = _RESENDING
    resume(session)


def _afresh(session) -> None:
    """The broker has forgotten us. What it had received (PUBREC) was its own already; the rest
    is published as new."""
    session._known = 0
    session.waiting = session.subscriptions
    for i in range(session.owner.in_flight - 1, -1, -1):
        slot = session.window[i]
        slot.data[0] &= ~_DUP
        if slot.want == _PUBCOMP:
            session._acknowledged(_PUBCOMP, slot.id)


def resume(session) -> None:
    """Send again what was not acknowledged, in the order of before (4.4, 4.6)."""
    for i in range(session.owner.in_flight):
        slot = session.window[i]
        if not slot.age:
            if session.tx.end:
                session.owner.push()
                if session.tx.end:
                    session.blocked = True
                    return
            if not session.state:
                return
            session.send(slot)
    if session.state:
        session.state = _READY
        session.owner.connected = True
        ask(session)
        session.owner.accepted()


def request(session, data: bytearray) -> None:
    """Send a SUBSCRIBE or UNSUBSCRIBE, when those before it are answered: one is sent at a time,
    each until it is answered, over reconnects."""
    session.waiting += (data,)
    if session.state == _READY:
        ask(session)
        session.owner.push()


def ask(session) -> None:
    """Put the next one into ``tx``, when none is open and there is room for it."""
    if not session.waiting:
        port.forget("mqtt_resume")
    elif not session.asked:
        packet = session.waiting[0]
        if len(packet) < session.tx.room() - RESERVE:
            pid = session.new_id()
            at = 2 if packet[1] < 128 else 3
            packet[at] = pid >> 8
            packet[at + 1] = pid & 255
            session.asked = pid
            session.age = 0
            session.put(packet)


def answered(session, kind: int, at: int, end: int) -> None:
    """SUBACK (3.9) or UNSUBACK: ``rx.data[at:end]`` has a code for each filter."""
    packet = session.waiting[0]
    if kind != (packet[0] & 0xF0) + 0x10:
        raise ProtocolError("packet %02x answers packet %02x" % (kind, packet[0]))
    data = session.rx.data
    place = 4 if packet[1] < 128 else 5
    if kind == _SUBACK:
        while at < end and place < len(packet):
            after = place + 2 + (packet[place] << 8 | packet[place + 1])
            if data[at] != 128 and data[at] > packet[after]:
                raise ProtocolError("%02x granted for QoS %d" % (data[at], packet[after]))
            session.owner.granted(bytes(packet[place + 2 : after]), data[at])
            at += 1
            place = after + 1
        if at != end or place != len(packet):
            raise ProtocolError("SUBACK does not answer every filter once")
    session.asked = 0
    session.waiting = session.waiting[1:]
    ask(session)


def tick(session) -> None:
    """Time has passed: TimedOut for what is open for longer than a tick."""
    if session.asked:
        session.age += 1
        if session.age > 1:
            raise TimedOut("no SUBACK or UNSUBACK")
    ask(session)
