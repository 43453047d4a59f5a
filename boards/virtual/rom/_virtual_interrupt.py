"""Ctrl-C on the virtual board, as a board's interrupt handler does it.

The unix port raises KeyboardInterrupt out of its SIGINT handler, wherever the interpreter happens
to be: in the middle of a collection that leaves the heap locked, in a dict that then misses its
names. A board sets the pending exception instead, which the interpreter raises between two
bytecodes. So does the handler here.

As in firmware, Ctrl-C interrupts programs only: between `enable` and `disable`.
"""

import struct

import ffi
import uctypes
from _virtual_state import LAYOUT, PENDING, WORD, address

SIGINT = 2
_SIGUSR1 = 10  # interrupts
_SIGUSR2 = 12  # ends a blocking call that began before the interrupt was seen

_error = KeyboardInterrupt()
_enabled = True  # while this interpreter is being tried
_pending = bytearray(WORD)  # until it is found
_traceback = None
_error_address = 0
_handlers = None  # kept, or the collector takes them


def enable():
    """From here on Ctrl-C interrupts."""
    global _enabled
    _enabled = True


def disable():
    """From here on it does not, not even one that has come already.

    The interpreter raises only where it jumps, and there is no jump in here.
    """
    global _enabled
    _enabled = False
    struct.pack_into(LAYOUT, _pending, 0, 0)


def _interrupt(_signal):
    """Runs as a hard interrupt: must not allocate."""
    if not _enabled:
        return
    struct.pack_into(LAYOUT, _traceback, 0, 0)
    struct.pack_into(LAYOUT, _traceback, WORD, 0)
    struct.pack_into(LAYOUT, _pending, 0, _error_address)


def _nudge(_signal):
    pass


def install(state):
    """The number of the signal that stands for Ctrl-C: SIGINT, at the risk above, where this
    interpreter is of another make. ``state``: see `_virtual_state.find`.
    """
    global _pending, _traceback, _error_address, _handlers
    if state is None:
        return SIGINT
    _pending = uctypes.bytearray_at(state + PENDING * WORD, WORD)
    _error_address = address(_error)
    _traceback = uctypes.bytearray_at(_error_address + WORD, 2 * WORD)
    libc = ffi.open("libc.so.6")
    interrupt = ffi.callback("v", _interrupt, "i", lock=True)
    nudge = ffi.callback("v", _nudge, "i", lock=True)
    _handlers = (interrupt, nudge)
    for number, handler in ((_SIGUSR1, interrupt), (_SIGUSR2, nudge)):
        libc.func("p", "signal", "ip")(number, handler)
        libc.func("i", "siginterrupt", "ii")(number, 1)
    return _SIGUSR1 if _works(libc.func("i", "raise", "i")) else SIGINT


def _works(send):
    try:
        send(_SIGUSR1)
        for _ in range(2):  # the interpreter looks when it jumps back
            pass
    except KeyboardInterrupt:
        return True
    return False
