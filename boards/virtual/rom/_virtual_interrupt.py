"""Ctrl-C on the virtual board, as a board's interrupt handler does it.

The unix port raises KeyboardInterrupt out of its SIGINT handler, wherever the interpreter happens
to be: in the middle of a collection that leaves the heap locked, in a dict that then misses its
names. A board sets the pending exception instead, which the interpreter raises between two
bytecodes. So does the handler here. The word that it sets is in no module, but stands in the
interpreter's state behind the current locals and globals, whose addresses are known.

As in firmware, Ctrl-C interrupts programs only: between `enable` and `disable`.
"""

import struct
import sys

import ffi
import uctypes

import __main__

SIGINT = 2
_SIGUSR1 = 10  # interrupts
_SIGUSR2 = 12  # ends a blocking call that began before the interrupt was seen
_WORD = 8 if sys.maxsize > 1 << 32 else 4
_LAYOUT = "<Q" if _WORD == 8 else "<I"
# From the locals: globals, top of the exception handlers, of the cleanups, pending exception.
_PENDING = 4 * _WORD

_error = KeyboardInterrupt()
_enabled = True  # while this interpreter is being tried
_pending = bytearray(_WORD)  # until it is found
_traceback = None
_error_address = 0
_handlers = None  # kept, or the collector takes them


def address(item):
    """Where an object is. ``id`` wraps what does not fit into a small int."""
    number = id(item)
    return number if number >= 0 else number + (1 << (8 * _WORD - 1))


def _find_pending():
    known = struct.pack(_LAYOUT, address(__main__.__dict__))
    known += struct.pack(_LAYOUT, address(globals()))
    with open("/proc/self/maps") as maps:
        for line in maps:
            fields = line.split()
            if fields[1] != "rw-p" or not fields[-1].endswith("/micropython"):
                continue
            start, end = (int(bound, 16) for bound in fields[0].split("-"))
            at = bytes(uctypes.bytearray_at(start, end - start)).find(known)
            if at >= 0:
                return uctypes.bytearray_at(start + at + _PENDING, _WORD)
    return None


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
    struct.pack_into(_LAYOUT, _pending, 0, 0)


def _interrupt(_signal):
    """Runs as a hard interrupt: must not allocate."""
    if not _enabled:
        return
    struct.pack_into(_LAYOUT, _traceback, 0, 0)
    struct.pack_into(_LAYOUT, _traceback, _WORD, 0)
    struct.pack_into(_LAYOUT, _pending, 0, _error_address)


def _nudge(_signal):
    pass


def install():
    """The number of the signal that stands for Ctrl-C: SIGINT, at the risk above, where this
    interpreter is of another make. To be called by a function that `__main__` called.
    """
    global _pending, _traceback, _error_address, _handlers
    found = _find_pending()
    if found is None:
        return SIGINT
    _pending = found
    _error_address = address(_error)
    _traceback = uctypes.bytearray_at(_error_address + _WORD, 2 * _WORD)
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
