"""``wifi``, ``socketpool`` and ``select`` of CircuitPython 9, on the host's loopback interface.

Faithful in what is awkward (shared-bindings/socketpool/Socket.c and common-hal/socketpool of the
two boards): `Socket.connect` blocks, and one that has not finished in time leaves a socket that
cannot be used; at the end of the stream Espressif raises ENOTCONN and Raspberry Pi returns 0; on
Raspberry Pi poll does not see that a connection was reset, and says that it could write to one
that is not made yet.
"""

import errno
import os
import select
import socket
from types import ModuleType, SimpleNamespace

BOARDS = ("espressif", "raspberrypi")


def _error(code):
    # There OSError(11).errno is 11, too.
    return OSError(code, os.strerror(code))


class Socket:
    """`socketpool.Socket`: no fileno, no recv, no connect_ex."""

    def __init__(self, board, real=None):
        self._board = board
        self._real = real or socket.socket()
        self._real.setblocking(False)
        self._timeout = None
        self._connected = False
        self._reset = False
        self.type = 1

    def settimeout(self, value):
        self._timeout = value

    def setblocking(self, flag):
        self._timeout = None if flag else 0

    def setsockopt(self, level, name, value):
        self._real.setsockopt(level, name, value)

    def close(self):
        self._connected = False
        self._real.close()

    def connect(self, address):
        host, port = address  # exactly two, as there
        code = self._real.connect_ex((host, port))
        if code not in (0, errno.EINPROGRESS):
            raise _error(code)
        seconds = self._timeout
        poll = select.poll()
        poll.register(self._real, select.POLLOUT)
        if not poll.poll(None if seconds is None else seconds * 1000):
            raise _error(errno.ETIMEDOUT if self._board == "espressif" else errno.EINPROGRESS)
        code = self._real.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise _error(code)
        self._connected = True

    def recv_into(self, buffer, bufsize=0):
        self._check_open()
        if bufsize > len(buffer):
            raise ValueError("buffer too small for requested bytes")
        size = bufsize if bufsize > 0 else len(buffer)
        if size == 0:
            return 0
        if self._reset:
            raise _error(errno.ECONNRESET)
        self._wait(select.POLLIN)
        try:
            received = self._real.recv_into(buffer, size)
        except BlockingIOError:
            raise _error(errno.EAGAIN if self._timeout == 0 else errno.ETIMEDOUT) from None
        if not received and self._board == "espressif":
            self._connected = False
            raise _error(errno.ENOTCONN)
        return received

    def send(self, data):
        self._check_open()
        if not self._connected:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        self._wait(select.POLLOUT)
        try:
            return self._real.send(data)
        except BlockingIOError:
            raise _error(errno.EAGAIN) from None

    def _wait(self, events):
        assert self._timeout is not None, "would block for ever"
        if self._timeout:
            poll = select.poll()
            poll.register(self._real, events)
            poll.poll(self._timeout * 1000)

    def _check_open(self):
        if self._real.fileno() < 0:
            raise _error(errno.EBADF)

    def poll(self, flags):
        """What the socket's ioctl tells select, of ``flags``."""
        poll = select.poll()
        poll.register(self._real, flags)
        events = dict(poll.poll(0)).get(self._real.fileno(), 0)
        if events & (select.POLLERR | select.POLLHUP):
            if self._board == "espressif":
                return flags
            events &= ~select.POLLIN if self._is_reset() else -1
        return events & flags

    def _is_reset(self):
        try:
            self._real.recv(1, socket.MSG_PEEK)
        except ConnectionResetError:
            self._reset = True
        except OSError:
            pass
        return self._reset


class Radio:
    """`wifi.radio`."""


def wifi_module():
    module = ModuleType("wifi")
    module.radio = Radio()
    return module


def socketpool_module(board):
    class SocketPool:
        AF_INET = socket.AF_INET
        SOCK_STREAM = socket.SOCK_STREAM
        IPPROTO_TCP = socket.IPPROTO_TCP
        TCP_NODELAY = socket.TCP_NODELAY

        class gaierror(OSError):
            """The name cannot be resolved."""

        def __init__(self, radio):
            assert isinstance(radio, Radio)

        def getaddrinfo(self, host, port, family=0, type=0, proto=0, flags=0):  # noqa: A002
            try:
                found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0]
            except socket.gaierror as error:
                raise self.gaierror(error.errno) from None
            return [(found[0], found[1], found[2], "", found[4])]

        def socket(self, family=AF_INET, type=SOCK_STREAM, proto=0):  # noqa: A002
            assert (family, type) == (self.AF_INET, self.SOCK_STREAM)
            return Socket(board)

    module = ModuleType("socketpool")
    module.SocketPool = SocketPool
    return module


class _Poll:
    """`select.poll`: asks each socket over and over, as it does there."""

    _NAP_MS = 2

    def __init__(self):
        self._watched = {}

    def register(self, sock, mask=5):
        self._watched[sock] = mask

    def modify(self, sock, mask):
        if sock not in self._watched:
            raise _error(errno.ENOENT)
        self._watched[sock] = mask

    def unregister(self, sock):
        del self._watched[sock]

    def poll(self, timeout=-1):
        waited = 0
        while True:
            found = [
                (sock, events)
                for sock, mask in self._watched.items()
                if (events := sock.poll(mask))
            ]
            if found or 0 <= timeout <= waited:
                return found
            select.poll().poll(self._NAP_MS)
            waited += self._NAP_MS


def select_module():
    return SimpleNamespace(poll=_Poll, POLLIN=1, POLLOUT=4, POLLERR=8, POLLHUP=16)
