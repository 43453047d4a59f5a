"""Many bytes at once on MicroPython, for `motelink.websocket_frames`. Allocates nothing."""

from array import array
from struct import pack_into

from motelink._port_micropython import getrandbits, move

# Masked two bytes at a time: four would be an int that needs the heap.
_words = array("H", bytes(64))
_piece = bytearray(128)
_front = memoryview(_piece)[:64]


def mask_into(dst, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``dst[at:]``. The rules are those of
    `port.copy_into`."""
    a = getrandbits(16)
    b = getrandbits(16)
    pack_into("HH", dst, at, a, b)
    at += 4
    start = 0
    while start < n:
        if start:
            move(_words, 0, src, start, 64 if n - start > 64 else n - start)
        else:
            pack_into("64s", _words, 0, src)
        _mask(64 if n - start > 64 else n - start, a, b)
        pack_into("64s", dst, at + start, _words)
        start += 64


def _mask(n: int, a: int, b: int) -> None:
    words = _words
    n = n + 1 >> 1
    for i in range(0, n, 2):
        words[i] ^= a
    for i in range(1, n, 2):
        words[i] ^= b


def is_ascii(data, at: int, end: int) -> bool:
    """Whether no byte of ``data[at:end]`` is above 127."""
    while at < end:
        n = end - at
        if n > 64:
            n = 64
        if at == 2 and end <= 64:
            # Behind the head of a frame: copied along with it, which is faster.
            pack_into("64s", _piece, 0, data)
            pack_into("H", _piece, 0, 0)
            n = end
        else:
            move(_piece, 0, data, at, n)
        if n < 64:
            pack_into("64s", _piece, n, b"")
        if max(_front) > 127:
            return False
        at += n
    return True
