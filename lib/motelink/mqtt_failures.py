"""What breaks an MQTT session, and what it cannot publish, in words. `motelink.mqtt_inbound` loads
this for the error that it raises, and drops it. Sections are those of MQTT 3.1.1.
"""

from motelink.errors import ProtocolError, TimedOut, TooLarge


def topic(topic: str):
    """With a wildcard, say (4.7)."""
    return ValueError("cannot publish to the topic %r" % topic)


def qos(qos):
    """There are three (4.3)."""
    return ValueError("qos must be 0, 1 or 2, got %r" % (qos,))


def limit(n: int, room: int):
    """It never fits."""
    return TooLarge("topic and payload take %d bytes of a packet of %d" % (n, room))


def length():
    """Of a fixed header (2.2.3)."""
    return ProtocolError("a remaining length of more than 4 bytes")


def state(kind: int):
    """CONNACK comes first (3.2)."""
    return ProtocolError("expected CONNACK first, got packet %02x" % kind)


def kind(kind: int):
    """A client is never sent this one."""
    return ProtocolError("unexpected packet %02x" % kind)


def size(n: int, kind: int):
    """Each packet but PUBLISH and SUBACK has a size of its own."""
    return ProtocolError("%d bytes in packet %02x" % (n, kind))


def publish():
    """Flags, topic or size of a PUBLISH (3.3)."""
    return ProtocolError("a PUBLISH that breaks its own rules")


def pid():
    """0 is none (2.3.1)."""
    return ProtocolError("packet id 0")


def ids(known: int):
    """Of messages that the broker has begun, and does not end (4.3.3)."""
    return TooLarge("more than ids=%d QoS 2 messages unreleased" % known)


def want(kind: int):
    """An acknowledgement of the other QoS, or out of order (4.3)."""
    return ProtocolError("packet %02x for a message that wants another" % kind)


def opened():
    """The connection is, and that is all."""
    return TimedOut("no CONNACK")


def ping():
    """The connection is dead (3.1.2.10)."""
    return TimedOut("no PINGRESP")


def age(pid: int):
    """Of a message in the window."""
    return TimedOut("no acknowledgement of packet %d" % pid)
