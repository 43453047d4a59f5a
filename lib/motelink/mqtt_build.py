"""Packets that are made seldom: CONNECT, SUBSCRIBE, UNSUBSCRIBE. `motelink.mqtt` loads this when
it needs one, and drops it. Sections are those of MQTT 3.1.1.
"""

from motelink.errors import ConfigError
from motelink.mqtt_inbound import RESERVE, is_topic
from motelink.port import const

_LONGEST = const(16383)  # of a remaining length in two bytes


def connect(client, client_id, user, password, will) -> bytes:
    """CONNECT (3.1). ``will``: None, or (topic, payload, qos, retain). Raises ConfigError."""
    clean = client._session.clean
    keepalive = client.keepalive
    flags = 2 if clean else 0
    if not client_id and not clean:
        raise ConfigError("a session that is not clean needs a client id")
    if not isinstance(keepalive, int) or not 0 <= keepalive <= 65535:
        raise ConfigError("keepalive must be 0 to 65535 s, got %r" % (keepalive,))
    rest = _field("client_id", client_id, True)
    if will:
        topic, payload, qos, retain = will
        topic = _bytes(topic)
        if not is_topic(topic, 0, len(topic)) or qos not in (0, 1, 2):
            raise ConfigError("expected a will's topic and qos 0..2, got %r, %r" % (topic, qos))
        flags |= 4 | qos << 3 | (32 if retain else 0)
        rest += _field("will's topic", topic, True) + _field("will", payload, False)
    if user is not None:
        flags |= 128
        rest += _field("user", user, True)
    if password is not None:
        if user is None:
            raise ConfigError("a password needs a user")
        flags |= 64
        rest += _field("password", password, False)
    head = b"\0\x04MQTT\x04" + bytes([flags, keepalive >> 8, keepalive & 255])
    packet = bytes(_packet(0x10, head + rest))
    room = client.tx.limit - RESERVE
    if len(packet) > room:
        raise ConfigError("CONNECT takes %d bytes; tx_size is %d" % (len(packet), room))
    return packet


def check(rx_size: int, tx_size: int, slot_size: int) -> None:
    """Raise ConfigError for buffers that are too small, or too small for each other."""
    if rx_size < 16 or tx_size < slot_size:
        raise ConfigError(
            "expected rx_size >= 16 and tx_size >= slot_size, got %d, %d and %d"
            % (rx_size, tx_size, slot_size)
        )


def request(client, filters, qos) -> None:
    """Subscribe, or unsubscribe where ``qos`` is None; now, or once connected. Raises
    ValueError."""
    packet = unsubscribe(filters) if qos is None else subscribe(filters, qos)
    if len(packet) > client.tx.limit - RESERVE:
        raise ValueError("a packet of %d bytes never fits in tx_size" % len(packet))
    session = client._session
    session.subscriptions = without(session.subscriptions, filters)
    filters = _filters(filters)
    session.topics = tuple([name for name in session.topics if name not in filters])
    if session.state or not session.clean:
        from motelink import mqtt_resume

        mqtt_resume.request(session, packet)
    if qos is not None:
        session.subscriptions += (packet,)
        session.topics += tuple([name for name in filters if is_topic(name, 0, len(name))])


def subscribe(filters, qos: int) -> bytearray:
    """SUBSCRIBE (3.8) with packet id 0, to one topic filter or a list of them. Raises
    ValueError."""
    if qos not in (0, 1, 2):
        raise ValueError("qos must be 0, 1 or 2, got %r" % (qos,))
    body = b"\0\0"
    for item in _filters(filters):
        body += _field("filter", item, True) + bytes([qos])
    return _packet(0x82, body)


def unsubscribe(filters) -> bytearray:
    """UNSUBSCRIBE (3.10) with packet id 0. Raises ValueError."""
    body = b"\0\0"
    for item in _filters(filters):
        body += _field("filter", item, True)
    return _packet(0xA2, body)


def without(items, filters) -> tuple:
    """SUBSCRIBE packets less these filters."""
    gone = _filters(filters)
    left: tuple = ()
    for packet in items:
        at = 4 if packet[1] < 128 else 5
        body = b"\0\0"
        while at < len(packet):
            end = at + 2 + (packet[at] << 8 | packet[at + 1])
            if bytes(packet[at + 2 : end]) not in gone:
                body += packet[at : end + 1]
            at = end + 1
        if len(body) == len(packet) - (2 if packet[1] < 128 else 3):
            left += (packet,)
        elif len(body) > 2:
            left += (_packet(0x82, body),)
    return left


def _packet(kind: int, data: bytes) -> bytearray:
    n = len(data)
    if n > _LONGEST:
        raise ValueError("a packet of %d bytes; at most %d" % (n, _LONGEST))
    return bytearray(bytes([kind, n] if n < 128 else [kind, n & 127 | 128, n >> 7]) + data)


def _filters(filters) -> list:
    """Topic filters (4.7) as a list of bytes, checked."""
    if isinstance(filters, (str, bytes)):
        filters = [filters]
    filters = [_bytes(item) for item in filters]
    if not filters or not all(_is_filter(item) for item in filters):
        raise ValueError("expected topic filters, got %r" % (filters,))
    return filters


def _is_filter(text: bytes) -> bool:
    # Once its wildcards are gone, a filter is a topic.
    levels = text.split(b"/")
    if levels[-1] == b"#":
        levels[-1] = b"x"
    plain = b"/".join([b"x" if level == b"+" else level for level in levels])
    return is_topic(plain, 0, len(plain))


def _bytes(text) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _field(name: str, value, text: bool) -> bytes:
    if not isinstance(value, (str, bytes, bytearray)):
        raise ConfigError("%s must be str or bytes, got %s" % (name, type(value)))
    data = _bytes(value)
    if len(data) > _LONGEST or (text and 0 in data):
        raise ConfigError("%s is too long, or has a NUL in it" % name)
    return bytes([len(data) >> 8, len(data) & 255]) + data
