"""JSON text of one value by the runtime's own encoder, for `motelink.jsonw`, on CircuitPython."""

import json

_text = b""


def reserve(_size: int) -> None:
    """Nothing to reserve: texts are made anew."""


def dump(value) -> int:
    """Encode a str, bytes, int, float, bool or None; returns the size of its text in bytes."""
    global _text
    _text = json.dumps(value).encode()
    return len(_text)


def take(dst: bytearray, at: int, n: int) -> None:
    """Copy the ``n`` bytes of the text to ``dst[at:]``."""
    dst[at : at + n] = _text
