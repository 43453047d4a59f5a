"""Where a side of an IoT Commute pair connects to. Loaded to make one, and dropped."""

from motelink.errors import ConfigError
from motelink.port import const

_SAFE = const(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


def url(device_id, device_key, side, root) -> str:
    """Its URL. Raises ConfigError."""
    if side not in ("device", "client"):
        raise ConfigError("side must be 'device' or 'client'")  # it may be the key
    if not (
        isinstance(device_id, str) and isinstance(device_key, str) and device_id and device_key
    ):
        raise ConfigError("expected a device id and its key")
    return "%s?device=%s&key=%s&side=%s" % (root, quoted(device_id), quoted(device_key), side)


def quoted(text: str) -> str:
    """RFC 3986, 2.1."""
    data = bytearray()  # not the characters as str: MicroPython keeps each for ever, as a name
    for byte in text.encode():
        if byte in _SAFE:
            data.append(byte)
        else:
            data += b"%%%02X" % byte
    return data.decode()
