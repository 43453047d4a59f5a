"""`motelink.port` on MicroPython: ESP32, RP2040, RP2350 and the unix port, 1.22 and later."""

import socket
import time
from errno import EINPROGRESS
from gc import collect, mem_free  # noqa: F401
from io import BytesIO
from random import getrandbits  # noqa: F401
from select import poll as poller  # noqa: F401
from struct import pack_into
from sys import print_exception  # noqa: F401
from time import sleep_ms, ticks_add, ticks_diff, ticks_ms  # noqa: F401

from micropython import const

SLACK = const(64)
"""Bytes that a fixed buffer must be longer than its content: see `copy_into`."""

# RTCs count from 2000 on ESP32 and ESP8266, from 1970 elsewhere.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0

# Up to 1.25 `buf[a:b] = src` allocates the slice object; struct and BytesIO never do.
_piece = bytearray(SLACK)
_pipe = BytesIO(SLACK)


def copy_into(buf: bytearray, at: int, src: bytes, n: int) -> None:
    """Copy ``src[0:n]`` to ``buf[at:]``. Allocates nothing; beyond 256 bytes as slow as `move`.

    Bytes of ``buf`` behind the copy are overwritten, so it must be the end of its content, and
    ``buf`` must be `SLACK` bytes longer than its content will ever be.
    """
    if n <= SLACK:
        pack_into("64s", buf, at, src)
    elif n <= 256 and at + 256 <= len(buf):
        pack_into("256s", buf, at, src)
    else:
        move(buf, at, src, 0, n)


def move(buf: bytearray, at: int, src: bytes, start: int, n: int) -> None:
    """Copy ``src[start:start + n]`` to ``buf[at:]``, with the same rules as `copy_into`.

    Within one buffer only towards its beginning. Allocates nothing; about 80 instructions a byte.
    """
    while n > 0:
        step = SLACK if n > SLACK else n
        _pipe.seek(0)
        _pipe.write(src, start, step)
        _pipe.seek(0)
        _pipe.readinto(_piece, step)
        pack_into("64s", buf, at, _piece)
        at += step
        start += step
        n -= step


def read_at(sock, buf: bytearray, at: int, n: int):
    """Read up to ``n`` bytes (at most `SLACK` a call unless ``at`` is 0) to ``buf[at:]``.

    Returns what ``sock.readinto`` returns. Allocates nothing: readinto of an offset would need a
    memoryview slice.
    """
    if at == 0:
        return sock.readinto(buf, n)
    n = sock.readinto(_piece, SLACK if n > SLACK else n)
    if n:
        pack_into("64s", buf, at, _piece)
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
        if e.errno != EINPROGRESS:
            sock.close()
            raise
    return sock
