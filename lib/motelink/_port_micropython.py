"""`motelink.port` on MicroPython: ESP32, RP2040, RP2350 and the unix port, 1.22 and later."""

import errno
import gc
import os
import socket
import sys
import time
from io import BytesIO
from random import getrandbits  # noqa: F401
from select import POLLERR, POLLHUP, POLLIN, POLLOUT, poll
from struct import pack_into
from time import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401

from micropython import const, heap_lock, heap_unlock  # noqa: F401

RUNTIME = "micropython"
POLL_IN = POLLIN
POLL_OUT = POLLOUT
POLL_BROKEN = POLLERR | POLLHUP

SLACK = const(64)
"""Bytes that a fixed buffer must be longer than its content: see `copy_into`."""

poller = poll
collect = gc.collect
mem_alloc = gc.mem_alloc
mem_free = gc.mem_free
print_exception = sys.print_exception
urandom = os.urandom

# RTCs count from 2000 on ESP32 and ESP8266, from 1970 elsewhere.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0

# Up to 1.25 `dst[a:b] = src` allocates the slice object; struct and BytesIO never do.
_SIZES = (128, 256, 512, 1024, 2048, 4096)
_FORMATS = ("128s", "256s", "512s", "1024s", "2048s", "4096s")
_piece = bytearray(SLACK)
_pipe = BytesIO(SLACK)


def copy_into(dst: bytearray, at: int, src: bytes, n: int) -> None:
    """Copy ``src[0:n]`` to ``dst[at:]``. Allocates nothing.

    Bytes of ``dst`` behind the copy are overwritten, so it must be the end of its content, and
    ``dst`` must be `SLACK` bytes longer than its content will ever be.
    """
    if n <= SLACK:
        pack_into("64s", dst, at, src)
        return
    i = 0
    while n > _SIZES[i] and i < 5:
        i += 1
    if at + _SIZES[i] > len(dst):
        i -= 1
    done = _SIZES[i] if i >= 0 else 0
    if done:
        pack_into(_FORMATS[i], dst, at, src)
    if done < n:
        move(dst, at + done, src, done, n - done)


def move(dst: bytearray, at: int, src: bytes, start: int, n: int) -> None:
    """Copy ``src[start:start + n]`` to ``dst[at:]``, with the same rules as `copy_into`.

    Within one buffer only towards its beginning. Allocates nothing; about 80 instructions a byte.
    """
    while n > 0:
        step = SLACK if n > SLACK else n
        _pipe.seek(0)
        _pipe.write(src, start, step)
        _pipe.seek(0)
        _pipe.readinto(_piece, step)
        pack_into("64s", dst, at, _piece)
        at += step
        start += step
        n -= step


def read_at(sock, dst: bytearray, at: int, n: int):
    """Read up to ``n`` bytes (at most `SLACK` a call unless ``at`` is 0) to ``dst[at:]``.

    Returns what ``sock.readinto`` returns. Allocates nothing: readinto of an offset would need a
    memoryview slice.
    """
    if at == 0:
        return sock.readinto(dst, n)
    n = sock.readinto(_piece, SLACK if n > SLACK else n)
    if n:
        pack_into("64s", dst, at, _piece)
    return n


def unix_time() -> int:
    """Seconds since 1970 by the RTC. Allocates (an int beyond 30 bits)."""
    return time.time() + _EPOCH


def resolve(host: str, port: int):
    """The IPv4 address of a host. Blocks as long as the port's DNS does: nothing can bound it."""
    return socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][-1]


def tcp_open(address):
    """A non-blocking TCP socket whose connection has begun; ready to write means connected."""
    sock = socket.socket()
    try:
        sock.setblocking(False)
        try:
            sock.setsockopt(6, 1, 1)  # IPPROTO_TCP, TCP_NODELAY: not in every port's lwIP
        except (OSError, ValueError):
            pass
        sock.connect(address)
    except OSError as e:
        if e.errno != errno.EINPROGRESS:
            sock.close()
            raise
    return sock
