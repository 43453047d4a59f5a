"""Many bytes at once on MicroPython, for `motelink.websocket_frames`. Allocates nothing."""

from array import array
from io import BytesIO
from struct import pack_into

from motelink._port_micropython import getrandbits, move

_words = array("H", bytes(128))
_piece = bytearray(64)
_pipe = BytesIO(128)

try:
    # What WebREPL reads frames with unmasks them in C: to mask is the same.
    from websocket import websocket

    _unmasked = websocket(_pipe).readinto
except ImportError:
    _unmasked = None


def mask_into(dst, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``dst[at:]``. The rules are those of
    `port.copy_into`."""
    a = getrandbits(16)
    b = getrandbits(16)
    _block(dst, at, src, n if n < 64 else 64, a, b)
    start = 64
    while start < n:
        left = n - start
        if left > 64:
            left = 64
        # Its mask falls on the end of the block before, which is put back.
        last = at + start
        c = dst[last]
        d = dst[last + 1]
        e = dst[last + 2]
        f = dst[last + 3]
        move(_words, 0, src, start, left)
        _block(dst, last, _words, left, a, b)
        pack_into("4B", dst, last, c, d, e, f)
        start += 64


def _block(dst, at: int, src, n: int, a: int, b: int) -> None:
    """At most 64 bytes."""
    if _unmasked:
        _pipe.seek(0)
        pack_into("BBHH", _piece, 0, 0x82, 0x80 | n, a, b)
        _pipe.write(_piece, 0, 6)
        _pipe.write(src, 0, n)
        _pipe.seek(0)
        if n:
            _unmasked(_piece, n)
        pack_into("HH64s", dst, at, a, b, _piece)
        return
    # Two bytes at a time: four would be an int that needs the heap.
    words = _words
    pack_into("64s", words, 0, src)
    for i in range(0, n, 4):
        words[i >> 1] ^= a
        words[(i >> 1) + 1] ^= b
    pack_into("HH64s", dst, at, a, b, words)


def is_ascii(data, at: int, end: int) -> bool:
    """Whether no byte of ``data[at:end]`` is above 127."""
    while at < end:
        n = end - at
        if n > 64:
            n = 64
        if at == 2 and end <= 64:
            # Behind the head of a frame: copied along with it, which is faster.
            pack_into("64s", _words, 0, data)
            _words[0] = 0
            n = end
        else:
            move(_words, 0, data, at, n)
        if _high() and (n == 64 or _high_before(n)):
            return False
        at += n
    return True


def _high_before(n: int) -> int:
    pack_into("64s", _words, n, b"")
    return _high()


def _high() -> int:
    """Whether any of the first 64 bytes of ``_words`` is above 127."""
    w = _words
    # A loop would cost twice as much.
    return 0x8080 & (
        (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7])
        | (w[8] | w[9] | w[10] | w[11] | w[12] | w[13] | w[14] | w[15])
        | (w[16] | w[17] | w[18] | w[19] | w[20] | w[21] | w[22] | w[23])
        | (w[24] | w[25] | w[26] | w[27] | w[28] | w[29] | w[30] | w[31])
    )
