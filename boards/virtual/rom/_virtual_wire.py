"""Sockets of the virtual board while a fault is set: silent, slow, or without a time server.

Sockets are the interpreter's own, and stay so: poll watches their descriptors, TLS reads them
through C. What changes is where the interpreter finds the functions of a socket: two pointers in
the type's stream protocol (read and write: of methods, files and TLS alike), and some entries of
its table of methods. While no fault is set they are as they were built, and cost nothing. The host
sends a signal when a fault has changed.

While the link is silent, a socket that does not block would block, and one that does blocks until
the fault is over. Each call here makes some 100 bytes of garbage.
"""

import socket
import struct
import time
from errno import EAGAIN

import _virtual_faults as faults
import ffi
import uctypes
from _virtual_state import LAYOUT, WORD, address
from micropython import const

_SIGURG = const(23)  # ignored, as long as nobody asks for it
_PAGE = const(4096)
_READ_WRITE = const(3)
_SLOTS = const(12)  # a byte each, between a type's flags and its slots: which slot has what
_PROTOCOL = const(9)
_METHODS = const(11)
_MEET_FAULTS = ("accept", "connect", "recv", "recvfrom", "send", "sendto")
_NTP = const(123)
_NO_ROUTE = const(113)
_IDLE_MS = const(20)
_PIECES = const(20)  # a second: how fine a slow link is
_FAILED = const(-1)

_kept = []  # what only the interpreter points to
_words = []  # (the word, as it was built, with a fault)
_read = None
_write = None
_held = False  # a piece has just passed over a slow link


def _word_at(place):
    return struct.unpack_from(LAYOUT, uctypes.bytearray_at(place, WORD))[0]


def _slot(which):
    """A slot of the type of sockets: mp_obj_type_t in MicroPython's py/obj.h."""
    kind = address(socket.socket)
    index = uctypes.bytearray_at(kind + WORD + 4, _SLOTS)[which]
    return _word_at(kind + WORD + 4 + _SLOTS + (index - 1) * WORD)


def _replace(place, replacement):
    """Note a word that is to be another while there is a fault."""
    libc = ffi.open("libc.so.6")
    libc.func("i", "mprotect", "Lii")(place & -_PAGE, 2 * _PAGE, _READ_WRITE)
    _words.append((uctypes.bytearray_at(place, WORD), _word_at(place), replacement))


def _blocks(sock):
    return uctypes.bytearray_at(sock + WORD, 8)[4]


def _passes(sock):
    """Whether bytes may pass; waits for it where the socket (its address) is one that blocks."""
    while faults.page[faults.WIFI_LOSS]:
        time.sleep_ms(_IDLE_MS)  # poll sees bytes that are not to be seen: do not spin
        if not _blocks(sock):
            return False
    return True


def _transfer(function, sock, buf, size, error):
    """read or write, of the interpreter's stream protocol. It calls until it has what it wants, or
    until it would block: so after a piece over a slow link it would.
    """
    global _held
    if not _passes(sock) or (_held and not _blocks(sock)):
        _held = False
        struct.pack_into("<I", uctypes.bytearray_at(error, 4), 0, EAGAIN)
        return _FAILED
    if not faults.page[faults.SLOW_LINK]:
        return function(sock, buf, size, error)
    rate = faults.number(faults.SLOW_LINK)
    done = function(sock, buf, min(size, max(1, rate // _PIECES)), error)
    if done > 0:
        time.sleep_ms(done * 1000 // rate)
        _held = True
    return done


def _on_read(sock, buf, size, error):
    return _transfer(_read, sock, buf, size, error)


def _on_write(sock, buf, size, error):
    return _transfer(_write, sock, buf, size, error)


def _guarded(function):
    def method(sock, *arguments):
        if not _passes(address(sock)):
            raise OSError(EAGAIN)
        return function(sock, *arguments)

    return method


def _connecting(function):
    def connect(sock, to):
        to_ntp = len(to) > 4 and to[2] << 8 | to[3] == _NTP
        if faults.page[faults.WIFI_LOSS] or (faults.page[faults.CLOCK_UNSET] and to_ntp):
            raise OSError(_NO_ROUTE)
        return function(sock, to)

    return connect


def _on_change(_signal):
    """Runs as a hard interrupt: must not allocate."""
    page = faults.page
    bad = page[faults.WIFI_LOSS] or page[faults.SLOW_LINK] or page[faults.CLOCK_UNSET]
    for word, well, ill in _words:
        struct.pack_into(LAYOUT, word, 0, ill if bad else well)


def _find_methods():
    """(place of the entry, name) for each of _MEET_FAULTS in the table of a socket's methods."""
    methods = _slot(_METHODS)
    count = _word_at(methods + 2 * WORD)
    table = _word_at(methods + 3 * WORD)
    names = {}
    for name in _MEET_FAULTS:
        # Python code sees the function in an object that checks what it is called for.
        names[_word_at(address(getattr(socket.socket, name)) + 2 * WORD)] = name
    for index in range(count):
        place = table + (2 * index + 1) * WORD
        name = names.get(_word_at(place))
        if name:
            yield place, name


def install():
    """Where the interpreter is of another make, this fails, or finds fewer functions."""
    global _read, _write
    protocol = _slot(_PROTOCOL)
    _read = ffi.func("l", _word_at(protocol), "LLLL")
    _write = ffi.func("l", _word_at(protocol + WORD), "LLLL")
    for index, function in enumerate((_on_read, _on_write)):
        callback = ffi.callback("l", function, "LLLL")
        _kept.append(callback)
        _replace(protocol + index * WORD, _word_at(address(callback) + WORD))
    for place, name in _find_methods():
        original = getattr(socket.socket, name)
        method = (_connecting if name == "connect" else _guarded)(original)
        _kept.append(method)
        _replace(place, address(method))
    handler = ffi.callback("v", _on_change, "i", lock=True)
    _kept.append(handler)
    ffi.open("libc.so.6").func("p", "signal", "ip")(_SIGURG, handler)
    _on_change(_SIGURG)
