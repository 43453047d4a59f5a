"""Many bytes at once on CPython, for `motelink.websocket_frames`."""

import os


def mask_into(dst: bytearray, at: int, src, n: int) -> None:
    mask = os.urandom(4)
    key = (mask * (n // 4 + 1))[:n]
    masked = int.from_bytes(memoryview(src)[:n], "big") ^ int.from_bytes(key, "big")
    dst[at : at + 4 + n] = mask + masked.to_bytes(n, "big")


def column(data: bytearray):
    high = bytearray(8)

    def paint(data, _, at, last):  # noqa: ARG001 - as FrameBuffer.blit
        high[0] |= not data[max(-at, 0) : 64 - at].isascii()

    return paint, data, high
