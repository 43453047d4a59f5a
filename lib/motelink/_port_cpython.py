"""`motelink.port` on CPython: the host, where tests and the device side of tools run."""

import errno
import os
import select
import socket
import ssl
import sys
import time
import traceback
from random import getrandbits  # noqa: F401

RUNTIME = "cpython"
POLL_IN = 1
POLL_OUT = 4
POLL_BROKEN = 8 | 16
SLACK = 64
_PERIOD = 1 << 30

urandom = os.urandom


def const(value):
    """MicroPython's compiler folds it; here it is the value itself."""
    return value


def ticks_ms() -> int:
    """Monotonic milliseconds, wrapping at 2**30 as on a board."""
    return time.monotonic_ns() // 1_000_000 % _PERIOD


def ticks_add(ticks: int, delta: int) -> int:
    if abs(delta) >= _PERIOD // 2:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) % _PERIOD


def ticks_diff(end: int, start: int) -> int:
    return (end - start + _PERIOD // 2) % _PERIOD - _PERIOD // 2


def sleep_ms(ms: int) -> None:
    time.sleep(ms / 1000)


def unix_time() -> int:
    return int(time.time())


def collect() -> None:
    """No heap figures on CPython: it is never the judge of a board's memory."""


def mem_free() -> int:
    return 0


def copy_into(dst: bytearray, at: int, src, n: int) -> None:
    dst[at : at + n] = memoryview(src)[:n]


def move(dst: bytearray, at: int, src, start: int, n: int) -> None:
    dst[at : at + n] = bytes(memoryview(src)[start : start + n])


def read_at(sock, dst: bytearray, at: int, n: int):
    return sock.readinto(memoryview(dst)[at:], n)


def resolve(host: str, port: int):
    found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    return found[0], found[4]


def tcp_open(address):
    family, target = address
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = sock.connect_ex(target)
        if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return Stream(sock)


def print_exception(error, file=None) -> None:
    traceback.print_exception(error, file=file or sys.stdout)


class Stream:
    """A socket with the face of MicroPython's streams."""

    def __init__(self, sock):
        self.sock = sock
        # What each waits for: a TLS socket may have to write before it can read.
        self._to_read = POLL_IN
        self._to_write = POLL_OUT

    def readinto(self, buf, n):
        done, self._to_read = _try(self.sock.recv_into, memoryview(buf)[:n], POLL_IN)
        return done

    def write(self, buf, at, n):
        done, self._to_write = _try(self.sock.send, memoryview(buf)[at : at + n], POLL_OUT)
        return done

    def wanted(self, mask: int) -> int:
        """What to ask poll for, to be told of ``mask``."""
        return (self._to_read if mask & POLL_IN else 0) | (
            self._to_write if mask & POLL_OUT else 0
        )

    def ready(self, mask: int, events: int) -> int:
        """What of ``mask`` can be done, now that poll has found ``events``."""
        found = events & POLL_BROKEN
        if mask & POLL_IN and events & self._to_read:
            found |= POLL_IN
        if mask & POLL_OUT and events & self._to_write:
            found |= POLL_OUT
        return found

    def pending(self) -> bool:
        """Whether decrypted bytes wait inside the TLS layer, where poll cannot see them."""
        return isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    def close(self):
        self.sock.close()


def _try(operation, view, wants):
    # (what readinto and write return, what to wait for before trying again)
    try:
        return operation(view), wants
    except ssl.SSLWantReadError:
        return None, POLL_IN
    except ssl.SSLWantWriteError:
        return None, POLL_OUT
    except ssl.SSLEOFError:
        return 0, wants
    except BlockingIOError:
        return None, wants


class poller:
    """`select.poll` that yields streams, as MicroPython's does."""

    def __init__(self):
        self._poll = select.poll()
        self._streams = {}

    def register(self, stream, mask):
        fd = stream.sock.fileno()
        self._streams[fd] = [stream, mask]
        self._poll.register(fd, mask)

    def modify(self, stream, mask):
        self.register(stream, mask)

    def unregister(self, stream):
        for fd, entry in list(self._streams.items()):
            if entry[0] is stream:
                del self._streams[fd]
                self._poll.unregister(fd)

    def ipoll(self, ms=-1):
        """Yield (stream, events); waits at most ``ms``, for ever when it is negative."""
        found = {}
        for fd, (stream, mask) in self._streams.items():
            self._poll.modify(fd, stream.wanted(mask))
            if mask & POLL_IN and stream.pending():
                found[stream] = POLL_IN
                ms = 0
        for fd, events in self._poll.poll(None if ms < 0 else ms):
            stream, mask = self._streams[fd]
            found[stream] = found.get(stream, 0) | stream.ready(mask, events)
        return iter(found.items())
