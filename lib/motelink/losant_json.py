"""Losant's JSON: states out, commands in. `motelink.losant` loads it with the first of either."""

import json

from motelink import losant_time

_SCALARS = (str, int, bool)


def state(attributes: dict, time_like, clock) -> bytes:
    """A state's payload. Raises TypeError."""
    if not isinstance(attributes, dict):
        raise TypeError("expected a dict of attributes, got %s" % type(attributes).__name__)
    if time_like is not None:
        time = losant_time.from_time_like(time_like)
    else:
        time = losant_time.now(clock)
    text = '{"data":' + json.dumps(_sendable(attributes))
    return (text + "}" if time is None else text + ',"time":%d}' % time).encode()


def command(message) -> dict:
    """A received command: its times as `losant_time.parse` has them. Raises ValueError."""
    found = _decoded(message.json())
    if not isinstance(found, dict):
        raise ValueError("expected an object, got %s" % type(found).__name__)
    return found


def _sendable(value):
    """The same without what JSON does not have, which MicroPython's encoder lets pass."""
    if isinstance(value, float):
        return value if value - value == 0 else None  # nan and infinities
    if value is None or isinstance(value, _SCALARS):
        return value
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("expected a name, got %r" % (key,))
        return {key: _sendable(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [_sendable(item) for item in value]
    raise TypeError("JSON has no %s" % type(value).__name__)


def _decoded(value):
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$date" in value:
        return losant_time.parse(value["$date"])
    if "$undefined" in value:
        return None
    return {key: _decoded(value[key]) for key in value}
