"""Many bytes at once on MicroPython, for `motelink.websocket_frames`. Allocates nothing.

Small functions: a call with more than 10 words of names and operands takes its frame from the
heap, which costs as much as masking 100 bytes.
"""

from array import array
from io import BytesIO
from struct import pack_into

from motelink._port_micropython import getrandbits, move

_words = array("H", bytes(64))
# A frame (RFC 6455, 5.2) of at most 64 bytes: 0x82, length, mask, payload.
_frame = bytearray(70)
_frame[0] = 0x82
_masked = memoryview(_frame)[2:]
_payload = memoryview(_frame)[6:]
_pipe = BytesIO(128)


def _slowly(_buf, n: int) -> None:
    """What `_unmask` does, where there is none: two bytes at a time, four would be an int that
    needs the heap."""
    words = _words
    _pipe.seek(6)
    _pipe.readinto(words, n)
    a = _frame[2] | _frame[3] << 8
    for i in range(0, n, 4):
        words[i >> 1] ^= a
    a = _frame[4] | _frame[5] << 8
    for i in range(2, n, 4):
        words[i >> 1] ^= a
    pack_into("64s", _frame, 6, words)


try:
    # WebREPL's: reads a masked frame, and unmasks it in C. To mask is the same.
    from websocket import websocket

    _unmask = websocket(_pipe).readinto
except ImportError:
    _unmask = _slowly


def mask_into(dst, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``dst[at:]``. The rules are those of
    `port.copy_into`."""
    pack_into("HH", _frame, 2, getrandbits(16), getrandbits(16))
    _block(src, 0, n if n < 64 else 64)
    pack_into("68s", dst, at, _masked)
    at += 4
    for start in range(64, n, 64):
        _block(src, start, n - start if n - start < 64 else 64)
        pack_into("64s", dst, at + start, _payload)


def _block(src, start: int, n: int) -> None:
    _frame[1] = n | 0x80
    _pipe.seek(0)
    _pipe.write(_frame, 0, 6)
    _pipe.write(src, start, n)
    _pipe.seek(0)
    if n:
        _unmask(_payload, n)


def is_ascii(data, at: int, end: int) -> bool:
    """Whether no byte of ``data[at:end]`` is above 127."""
    while at < end:
        n = end - at
        if at == 2 and end <= 64:
            # Behind the head of a frame: copied along with it, which is faster.
            pack_into("64s", _words, 0, data)
            _words[0] = 0
            n = end
        else:
            move(_words, 0, data, at, n if n < 64 else 64)
        if _high() and (n >= 64 or _high_before(n)):
            return False
        at += 64
    return True


def _high_before(n: int) -> int:
    for i in range(n, 64):
        pack_into("B", _words, i, 0)
    return _high()


def _high() -> int:
    """Whether any of the 64 bytes of ``_words`` is above 127."""
    w = _words
    # A loop would cost twice as much.
    return 0x8080 & (
        (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7])
        | (w[8] | w[9] | w[10] | w[11] | w[12] | w[13] | w[14] | w[15])
        | (w[16] | w[17] | w[18] | w[19] | w[20] | w[21] | w[22] | w[23])
        | (w[24] | w[25] | w[26] | w[27] | w[28] | w[29] | w[30] | w[31])
    )
