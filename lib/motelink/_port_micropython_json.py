"""JSON text of one value by the runtime's own encoder, for `motelink.jsonw`, on MicroPython.

json.dump into a BytesIO that is large enough allocates nothing. The BytesIO grows by itself and
never shrinks, so there is one for all writers, as large as the largest of their buffers.
"""

from io import BytesIO
from json import dump as _dump
from struct import pack_into

_size = 64
_text = BytesIO(_size)
_piece = bytearray(64)


def reserve(size: int) -> None:
    """Make room for texts of ``size`` bytes."""
    global _size, _text
    if size > _size:
        _size = size
        _text = BytesIO(size)


def dump(value) -> int:
    """Encode a str, bytes, int, float, bool or None; returns the size of its text in bytes.

    Allocates when the text is longer than what was reserved, which can then not be taken.
    """
    global _text
    _text.seek(0)
    n = _size + 1
    try:
        _dump(value, _text)
        n = _text.tell()
    finally:
        if n > _size:
            _text = BytesIO(_size)
    return n


def take(dst: bytearray, at: int, n: int) -> None:
    """Copy the ``n`` bytes of the text to ``dst[at:]``, and zeros to the next multiple of 64."""
    _text.seek(0)
    while n > 0:
        _text.readinto(_piece, 64 if n > 64 else n)
        pack_into("64s", dst, at, _piece)
        at += 64
        n -= 64
