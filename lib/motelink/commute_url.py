"""Where a side of an IoT Commute pair connects to. Loaded to make one, and dropped."""

from motelink.errors import ConfigError

_SAFE = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"


def of(device_id, device_key, side, root) -> str:
    """Its URL. Raises ConfigError."""
    if side not in ("device", "client"):
        raise ConfigError("side must be 'device' or 'client'")  # it may be the key
    if not (
        isinstance(device_id, str) and isinstance(device_key, str) and device_id and device_key
    ):
        raise ConfigError("expected a device id and its key")
    return "%s?device=%s&key=%s&side=%s" % (root, _quoted(device_id), _quoted(device_key), side)


def of_proxy(host, port=80, auth=None) -> str:
    """The URL of a proxy, of a dict's entries."""
    who = ":".join([_quoted(part) for part in auth]) + "@" if auth else ""
    return "http://%s%s:%d" % (who, host, port or 80)


def _quoted(text: str) -> str:
    """RFC 3986, 2.1."""
    return "".join([chr(b) if b in _SAFE else "%%%02X" % b for b in text.encode()])
