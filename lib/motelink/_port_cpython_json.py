"""JSON text of one value, for `motelink.jsonw`, on CPython."""

import json

_text = b""


def reserve(_size: int) -> None:
    """Nothing to reserve here."""


def dump(value: str | bytes | float | bool | None) -> int:
    """Encode a value; returns the size of its text in bytes. Passes on what is not UTF-8."""
    global _text
    errors = "surrogatepass"
    if isinstance(value, bytes):
        errors = "surrogateescape"
        value = value.decode("utf-8", errors)
    _text = json.dumps(value, ensure_ascii=False).encode("utf-8", errors)
    return len(_text)


def take(dst: bytearray, at: int, n: int) -> None:
    """Copy the ``n`` bytes of the text to ``dst[at:]``."""
    dst[at : at + n] = _text
