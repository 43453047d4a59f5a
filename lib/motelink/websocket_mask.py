"""Masks WebSocket frames in native code: importing this halves what sending a short text takes.

    import motelink.websocket_mask

It is compiled on the board, so that no file here is for one processor. Where the firmware has no
compiler for native code nothing changes, and ``native`` is False. It costs some 700 bytes of heap.
"""

from motelink import websocket_frames

_SOURCE = """
from random import getrandbits
@micropython.viper
def mask_into(buf: ptr8, at: int, src: ptr8, n: int):
    bits = getrandbits
    a = int(bits(16))
    buf[at] = a
    buf[at + 1] = a >> 8
    a = int(bits(16))
    buf[at + 2] = a
    buf[at + 3] = a >> 8
    to = at + 4
    for first in range(4):
        a = buf[at]
        at += 1
        i = first
        while i < n:
            buf[to + i] = src[i] ^ a
            i += 4
"""


def _install() -> bool:
    names: dict = {}
    try:
        exec(_SOURCE, names)  # noqa: S102 - it is the text above
    except (NameError, SyntaxError, MemoryError):
        return False
    websocket_frames.mask_into = names["mask_into"]
    return True


native = _install()
"""Whether connections that begin now use it."""
