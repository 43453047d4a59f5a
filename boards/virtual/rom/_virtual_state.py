"""Where the interpreter keeps its own state, which is in no module.

It stands behind the current locals and globals, whose addresses are known. In words from there:
the locals, the globals, the top of the exception handlers, of the cleanups, the pending exception,
what ends a generator, the newest pool of names.
"""

import struct
import sys

import uctypes

import __main__

WORD = 8 if sys.maxsize > 1 << 32 else 4
LAYOUT = "<Q" if WORD == 8 else "<I"
PENDING = 4
_NAMES = 6
# A pool of names: the pool before, names in those before, places, names.
_PLACES = 2
_FIRST = 10  # the places of the pool in ROM, as the interpreter has them


def address(item):
    """Where an object is. ``id`` wraps what does not fit into a small int."""
    number = id(item)
    return number if number >= 0 else number + (1 << (8 * WORD - 1))


def find():
    """The address of the first of those words, or None where the interpreter is of another make.
    To be called by a function that `__main__` called."""
    known = struct.pack(LAYOUT, address(__main__.__dict__))
    known += struct.pack(LAYOUT, address(globals()))
    with open("/proc/self/maps") as maps:
        for line in maps:
            fields = line.split()
            if fields[1] != "rw-p" or not fields[-1].endswith("/micropython"):
                continue
            start, end = (int(bound, 16) for bound in fields[0].split("-"))
            at = bytes(uctypes.bytearray_at(start, end - start)).find(known)
            if at >= 0:
                return start + at
    return None


def close_names(state):
    """Let the names that firmware brings begin a pool as small as on a board, where those of its
    hardware are in ROM.

    Each pool has twice the places of the one before. Without this, what firmware's names take
    would depend on how many names of our own there are: a pool of 640 places, 4.5 KB, would be
    due 300 names too early. The newest pool here is declared to have no more room, and to be as
    the one in ROM is.
    """
    pool = struct.unpack(LAYOUT, uctypes.bytearray_at(state + _NAMES * WORD, WORD))[0]
    fields = uctypes.bytearray_at(pool, 4 * WORD)
    places, names = struct.unpack_from(LAYOUT[0] + 2 * LAYOUT[1], fields, _PLACES * WORD)
    if _FIRST <= names <= places and places % _FIRST == 0:  # else it is something else
        struct.pack_into(LAYOUT, fields, _PLACES * WORD, _FIRST)
