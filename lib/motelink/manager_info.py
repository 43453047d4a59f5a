"""The answer to getinfo, made and checked once. `Client` drops this module after its use."""

import json

from motelink.buffer import Message
from motelink.errors import ConfigError


def make(client, dialect: str, uuid: str, kind: str, data) -> None:
    """What remains of the constructor. Raises ConfigError."""
    client._message = Message(client.rx.data)
    client._framing = framing(dialect, client.rx.limit)(client)
    client._received = client._framing.received
    client._data = data if callable(data) else None
    client._info = info(uuid, kind, data, client.tx.limit - client._framing.overhead)


def framing(name: str, rx_size: int):
    """The class that reads and writes this dialect, with ``rx_size`` bytes to read into."""
    if rx_size < 8:
        raise ConfigError("rx_size must be at least 8 bytes, got %d" % rx_size)
    if name not in ("raw", "terminated", "length"):
        raise ConfigError("framing must be 'raw', 'terminated' or 'length', got %r" % (name,))
    return __import__("motelink.manager_" + name, None, None, ("Framing",)).Framing


def info(uuid: str, name: str, data, room: int) -> bytes:
    """``UUID##TYPE##DATA``; without DATA when that is written at each getinfo.

    Raises ConfigError for what breaks the framing, is no JSON object, or exceeds ``room`` bytes.
    """
    if not _is_uuid(uuid):
        raise ConfigError("uuid must be 36 characters, 8-4-4-4-12 hex digits, got %r" % (uuid,))
    kind = name.encode() if isinstance(name, str) else b""
    if not kind or (kind + b"##").find(b"##") < len(kind):
        raise ConfigError("type must be text without '##', not ending in '#', got %r" % (name,))
    text = uuid.encode() + b"##" + kind + b"##"
    return _bounded(text, room) if callable(data) else changed(text, data, room)


def changed(text: bytes, data: dict, room: int) -> bytes:
    """The same with other data. Raises ConfigError."""
    if not isinstance(data, dict) or not _is_json(data):
        raise ConfigError("data must be a dict of JSON values, or a function that writes one")
    uuid, kind = text.split(b"##", 2)[:2]
    return _bounded(uuid + b"##" + kind + b"##" + json.dumps(data).encode(), room)


def _bounded(text: bytes, room: int) -> bytes:
    room = min(room, 65535)  # no dialect's server takes much more
    if len(text) > room:
        raise ConfigError("uuid, type and data take %d bytes; room is for %d" % (len(text), room))
    return text


def _is_uuid(text) -> bool:
    if not isinstance(text, str) or len(text) != 36:
        return False
    # As bytes: MicroPython keeps each character that a string was indexed for, for ever.
    for i, byte in enumerate(text.encode()):
        if i in (8, 13, 18, 23):
            if byte != 45:  # "-"
                return False
        elif byte not in b"0123456789abcdefABCDEF":
            return False
    return True


def _is_json(value) -> bool:
    # json.dumps of MicroPython writes anything at all, and that of CPython writes NaN.
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(value[key]) for key in value)
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    if isinstance(value, float):
        return value - value == 0
    return value is None or isinstance(value, (bool, int, str))
