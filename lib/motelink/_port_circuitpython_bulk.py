"""Many bytes at once on CircuitPython, for `motelink.websocket_frames`."""

import os


def mask_into(dst, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``dst[at:]``."""
    mask = os.urandom(4)
    dst[at : at + 4] = mask
    at += 4
    for i in range(n):
        dst[at + i] = src[i] ^ mask[i & 3]


def is_ascii(data, at: int, end: int) -> bool:
    """Whether no byte of ``data[at:end]`` is above 127."""
    return at == end or max(memoryview(data)[at:end]) < 128
