"""What happens around the virtual board: the host sets faults in a page of memory that this maps.

A byte of the page says whether a fault is set, a 32-bit number how much (see
motelink_tools.board.faults, which has the same order). Looking costs an index, and no heap.
"""

import struct
import time

import ffi
import uctypes
from micropython import const

WIFI_LOSS = const(0)
DNS_HANG = const(1)
SLOW_LINK = const(2)
BROWN_OUT = const(4)
CLOCK_UNSET = const(5)
FULL_FS = const(6)

_NUMBERS = const(16)
_SIZE = const(64)
_READ_WRITE = const(3)
_SHARED = const(1)
_TIMED_OUT = const(110)
_NO_NAME = const(-2)
_LOOK_MS = const(10)

page = bytearray(_SIZE)  # all is well, until `attach`
_host_time = time.time


def attach(descriptor):
    """Share the page of the host."""
    global page
    map_page = ffi.open("libc.so.6").func("p", "mmap", "pLiiiL")
    page = uctypes.bytearray_at(map_page(0, _SIZE, _READ_WRITE, _SHARED, descriptor, 0), _SIZE)


def number(fault):
    return struct.unpack_from("<I", page, _NUMBERS + 4 * fault)[0]


def look_up(host):
    """The resolver is asked for a name: hangs, raises OSError, or returns. Addresses need none."""
    if not (page[DNS_HANG] or page[WIFI_LOSS]) or _is_address(host):
        return
    end = time.ticks_add(time.ticks_ms(), number(DNS_HANG))
    while page[DNS_HANG] and time.ticks_diff(end, time.ticks_ms()) > 0:
        time.sleep_ms(_LOOK_MS)
    raise OSError(_NO_NAME)


def _is_address(host):
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)


def ask_time():
    """What a time server says, for the fake ntptime. Raises OSError."""
    if page[CLOCK_UNSET] or page[WIFI_LOSS]:
        raise OSError(_TIMED_OUT)
    return _host_time()


def brown_out(write, data):
    """``data`` is to be written, while the power is failing: writes what it lasts for."""
    left = number(BROWN_OUT)
    data = data.encode() if isinstance(data, str) else bytes(data)
    if len(data) <= left:
        struct.pack_into("<I", page, _NUMBERS + 4 * BROWN_OUT, left - len(data))
        return write(data)
    write(data[:left])
    page[BROWN_OUT] = 0
    import machine

    return machine._leave("power")  # never returns


def everywhere(network):
    """The network that is everywhere, made from a class of ``_air``: gone with the fault."""

    class Everywhere(network):
        @property
        def up(self):
            return not page[WIFI_LOSS]

        @up.setter
        def up(self, _):
            pass

    return Everywhere("")
