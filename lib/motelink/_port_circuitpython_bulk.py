"""Many bytes at once on CircuitPython, for `motelink.websocket_frames`."""

import os


def mask_into(dst, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``dst[at:]``."""
    mask = os.urandom(4)
    dst[at : at + 4] = mask
    at += 4
    for i in range(n):
        dst[at + i] = src[i] ^ mask[i & 3]


def tops(data):
    """See `motelink._port_micropython_bulk`."""
    high = bytearray(8)

    def paint(column, _x, y, _key):
        high[0] |= max(column[max(-y, 0) : 64 - y]) & 128

    return paint, memoryview(data), high
