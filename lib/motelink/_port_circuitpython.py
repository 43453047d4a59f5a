"""`motelink.port` on CircuitPython 9 and 10, on boards with native Wi-Fi (`socketpool`).

What cannot be had there from Python:

- `tcp_open` blocks until the connection is made, for 5 s at most, which a watchdog must allow: of
  a connection that has only begun, a socket never tells that it is made.
- There is no heap lock, sockets raise to say that they would block, and waiting makes lists: so
  nothing is promised about allocations.
"""

import gc
import os
import sys
import time
import traceback
from errno import EAGAIN, ENOTCONN
from random import getrandbits  # noqa: F401

import supervisor
from micropython import const

try:
    from select import poll as _poll
except ImportError:  # small builds
    _poll = None

RUNTIME = "circuitpython"
POLL_IN = const(1)
POLL_OUT = const(4)
POLL_BROKEN = const(24)
SLACK = const(64)  # copying needs none here, but engines pack as many bytes at once

# Below the longest watchdog of an RP2040, 8.388 s.
_CONNECT_S = const(5)
# Ticks wrap at 2**30, the supervisor's at 2**29. Twice this is no small int: it is never used.
_HALF = const(1 << 29)
# How often sockets are tried unasked: on an RP2040 poll never tells of a reset connection, and
# without select there is nothing to ask.
_TRY_MS = const(1000)
_TRY_BLINDLY_MS = const(20)

collect = gc.collect
mem_free = gc.mem_free
urandom = os.urandom

_last = 0
_turn = 0  # _HALF in every second period of the supervisor's ticks
_pool = None


def ticks_ms() -> int:
    """Monotonic milliseconds, wrapping at 2**30. Must be called at least every 6 days."""
    global _last, _turn
    now = supervisor.ticks_ms()
    if now < _last:
        _turn ^= _HALF
    _last = now
    return now + _turn


def ticks_add(ticks: int, delta: int) -> int:
    """``ticks`` and ``delta`` ms, below 2**29 either way. Every step stays a small int."""
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    if delta > 0 and ticks >= _HALF:
        ticks -= _HALF
        ticks -= _HALF
    ticks += delta
    if ticks < 0:
        ticks += _HALF
        ticks += _HALF
    return ticks


def ticks_diff(end: int, start: int) -> int:
    """Milliseconds from ``start`` to ``end``, -2**29 to 2**29 - 1."""
    passed = end - start
    if passed >= _HALF:
        passed -= _HALF
        passed -= _HALF
    elif passed < -_HALF:
        passed += _HALF
        passed += _HALF
    return passed


def sleep_ms(ms: int) -> None:
    time.sleep(ms / 1000)


def unix_time() -> int:
    """Seconds since 1970 by the RTC."""
    return int(time.time())


def print_exception(error, file=None) -> None:
    traceback.print_exception(type(error), error, error.__traceback__, file=file or sys.stdout)


def copy_into(dst: bytearray, at: int, src, n: int) -> None:
    """Copy ``src[0:n]`` to ``dst[at:]``."""
    dst[at : at + n] = memoryview(src)[:n]


def move(dst: bytearray, at: int, src, start: int, n: int) -> None:
    """Copy ``src[start:start + n]`` to ``dst[at:]``; the two may be one buffer and overlap."""
    dst[at : at + n] = bytes(memoryview(src)[start : start + n])


def read_at(sock, dst: bytearray, at: int, n: int):
    return sock.readinto(memoryview(dst)[at:], n)


def resolve(host: str, port: int):
    """The address of a host. Blocks as long as the network's DNS does."""
    return _sockets().getaddrinfo(host, port)[0][4]


def tcp_open(address):
    """A connected TCP socket, non-blocking from then on. Blocks for 5 s at most."""
    pool = _sockets()
    sock = pool.socket(pool.AF_INET, pool.SOCK_STREAM)
    try:
        sock.settimeout(_CONNECT_S)
        sock.connect(address)
        sock.setblocking(False)
        try:
            sock.setsockopt(pool.IPPROTO_TCP, pool.TCP_NODELAY, 1)
        except (AttributeError, OSError):
            pass  # not on every board
    except BaseException:
        sock.close()
        raise
    return Stream(sock)


def _sockets():
    global _pool
    if _pool is None:
        import socketpool
        import wifi

        _pool = socketpool.SocketPool(wifi.radio)
    return _pool


class Stream:
    """A socket with the face of MicroPython's streams."""

    def __init__(self, sock):
        self.sock = sock

    def readinto(self, buf, n):
        try:
            return self.sock.recv_into(buf, n)
        except OSError as error:
            if error.errno == EAGAIN:
                return None
            if error.errno == ENOTCONN:  # how Espressif boards tell the end of the stream
                return 0
            raise

    def write(self, buf, at, n):
        try:
            return self.sock.send(memoryview(buf)[at : at + n])
        except OSError as error:
            if error.errno == EAGAIN:
                return None
            raise

    def close(self):
        self.sock.close()


class poller:
    """`select.poll` that yields streams. What it yields may be ready, and must be tried."""

    def __init__(self):
        self._poll = _poll and _poll()
        self._each_ms = _TRY_MS if _poll else _TRY_BLINDLY_MS
        self._tried = ticks_ms()
        self._streams = {}

    def register(self, stream, mask):
        self._streams[stream.sock] = (stream, mask)
        if self._poll:
            self._poll.register(stream.sock, mask)

    def modify(self, stream, mask):
        self._streams[stream.sock] = (stream, mask)
        if self._poll:
            self._poll.modify(stream.sock, mask)

    def unregister(self, stream):
        if self._streams.pop(stream.sock, None) and self._poll:
            self._poll.unregister(stream.sock)

    def ipoll(self, ms=-1):
        """Yield (stream, events); waits at most ``ms``, and 1 s, or 20 ms without select."""
        if ms < 0 or ms > self._each_ms:
            ms = self._each_ms
        found = []
        if self._poll:
            for sock, events in self._poll.poll(ms):
                found.append((self._streams[sock][0], events))
        elif ms:
            sleep_ms(ms)
        now = ticks_ms()
        # Behind a week in which sockets always had something to say it seems to be ahead.
        if not found and not 0 <= ticks_diff(now, self._tried) < self._each_ms:
            self._tried = now
            found.extend(self._streams.values())
        return iter(found)
