"""Many bytes at once on MicroPython, for `motelink.websocket_frames`. Allocates nothing.

Small functions: a call with more than 10 words of names and operands takes its frame from the
heap, which costs as much as masking 100 bytes.
"""

from io import BytesIO
from struct import pack_into

from motelink._port_micropython import getrandbits

# A frame (RFC 6455, 5.2) of at most 64 bytes: 0x82, length, mask, payload.
frame = bytearray(70)
frame[0] = 0x82
_masked = memoryview(frame)[2:]
payload = memoryview(frame)[6:]
_pipe = BytesIO(70)

try:
    # WebREPL's: reads a masked frame, and unmasks it in C. To mask is the same.
    from websocket import websocket

    _unmask = websocket(_pipe).readinto
except ImportError:
    from array import array

    _words = array("H", bytes(64))

    def _unmask(_, n: int) -> None:
        """The same, two bytes at a time: four would be an int that needs the heap."""
        words = _words
        _pipe.seek(6)
        _pipe.readinto(words, n)
        a = frame[2] | frame[3] << 8
        for i in range(0, n, 4):
            words[i >> 1] ^= a
        a = frame[4] | frame[5] << 8
        for i in range(2, n, 4):
            words[i >> 1] ^= a
        pack_into("64s", frame, 6, words)


def mask_into(buf, at: int, src, n: int) -> None:
    """Put a random mask and ``src[:n]``, masked with it, to ``buf[at:]``. The rules are those of
    `port.copy_into`."""
    pack_into("HH", frame, 2, getrandbits(16), getrandbits(16))
    _block(src, 0, n if n < 64 else 64)
    pack_into("68s", buf, at, _masked)
    at += 4
    for start in range(64, n, 64):
        _block(src, start, n - start if n - start < 64 else 64)
        pack_into("64s", buf, at + start, payload)


def _block(src, start: int, n: int) -> None:
    frame[1] = n | 0x80
    _pipe.seek(0)
    _pipe.write(frame, 0, 6)
    _pipe.write(src, start, n)
    _pipe.seek(0)
    if n:
        _unmask(payload, n)


try:
    from framebuf import FrameBuffer

    _high = bytearray(8)
    paint = FrameBuffer(_high, 1, 64, 0).blit  # MONO_VLSB

    def column(data):
        """``paint, column, high``: ``paint(column, 0, 64 - end, 0)`` leaves zeros in ``high`` if
        no byte of ``data[end - 64:end]`` is above 127. What does, its user clears. ``data`` stays
        where it is."""
        # The highest bits as a picture of one column (3: MONO_HLSB), looked at in C.
        return paint, FrameBuffer(data, 1, len(data), 3, 8), _high

except ImportError:

    def column(data):
        """The same, for want of framebuf."""
        high = bytearray(8)

        def paint(data, _, at, last):  # noqa: ARG001 - as FrameBuffer.blit
            for i in range(max(-at, 0), 64 - at):
                high[0] |= data[i] & 128

        return paint, data, high
