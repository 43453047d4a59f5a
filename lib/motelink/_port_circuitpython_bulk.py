"""Many bytes at once on CircuitPython, for `motelink.websocket_frames`."""

import os


def mask_into(buf, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``buf[at:]``."""
    mask = os.urandom(4)
    buf[at : at + 4] = mask
    at += 4
    for i in range(n):
        buf[at + i] = src[i] ^ mask[i & 3]


def column(data):
    """See `motelink._port_micropython_bulk`."""
    high = bytearray(8)

    def paint(data, _, at, last):  # noqa: ARG001 - as FrameBuffer.blit
        high[0] |= max(data[max(-at, 0) : 64 - at]) & 128

    return paint, memoryview(data), high
