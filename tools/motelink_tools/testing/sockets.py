"""``select`` and ``socket`` as firmware knows them: waiting is on the board's clock, the bytes
travel on the host's network.
"""

import select
import socket
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Protocol

from motelink_tools.testing.clock import Clock
from motelink_tools.testing.opened import Opened


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


Pollable = int | _HasFileno


class Poll:
    """``select.poll`` that gives back the objects it was given, as MicroPython's does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._poll = select.poll()
        self._objects: dict[int, Pollable] = {}

    def register(self, obj: Pollable, mask: int = select.POLLIN | select.POLLOUT) -> None:
        self._objects[_fileno(obj)] = obj
        self._poll.register(obj, mask)

    def modify(self, obj: Pollable, mask: int) -> None:
        self._poll.modify(obj, mask)

    def unregister(self, obj: Pollable) -> None:
        del self._objects[_fileno(obj)]
        self._poll.unregister(obj)

    def poll(self, timeout: float | None = -1) -> list[tuple[Pollable, int]]:
        """``timeout`` in ms of the board's clock; None or negative: for ever."""
        us = None if timeout is None or timeout < 0 else round(timeout * 1000)
        found = self._clock.wait(lambda seconds: self._poll.poll(seconds * 1000), us)
        return [(self._objects[number], events) for number, events in found]

    def ipoll(self, timeout: float = -1, _flags: int = 0) -> Iterator[tuple[Pollable, int]]:
        return iter(self.poll(timeout))


def _fileno(obj: Pollable) -> int:
    return obj if isinstance(obj, int) else obj.fileno()


def select_module(clock: Clock) -> ModuleType:
    def wait(
        readers: list[Any], writers: list[Any], broken: list[Any], timeout: float | None = None
    ) -> tuple[list[Any], list[Any], list[Any]]:
        def look(seconds: float) -> tuple[list[Any], ...] | None:
            found = select.select(readers, writers, broken, seconds)
            return found if any(found) else None

        us = None if timeout is None or timeout < 0 else round(timeout * 1e6)
        readable, writable, failed = clock.wait(look, us) or ([], [], [])
        return readable, writable, failed

    module = ModuleType("select")
    vars(module).update(vars(select), poll=lambda: Poll(clock), select=wait)
    return module


class Socket(socket.socket):
    """A socket that is also a stream, as on MicroPython. Its own timeouts are the host's."""

    def accept(self) -> tuple["Socket", Any]:
        plain, address = super().accept()
        timeout = plain.gettimeout()
        accepted = type(self)(plain.family, plain.type, plain.proto, fileno=plain.detach())
        accepted.settimeout(timeout)
        return accepted, address

    def read(self, n: int = -1) -> bytes | None:
        """All of ``n`` bytes, or up to the end; None when it would block."""
        data = b""
        while n < 0 or len(data) < n:
            try:
                more = self.recv(4096 if n < 0 else n - len(data))
            except BlockingIOError:
                return data or None
            if not more:
                break
            data += more
        return data

    def readinto(self, buf: Any, n: int | None = None) -> int | None:
        try:
            return self.recv_into(buf, len(buf) if n is None else n)
        except BlockingIOError:
            return None

    def readline(self) -> bytes | None:
        line = b""
        while not line.endswith(b"\n"):
            byte = self.read(1)
            if not byte:
                return line or byte
            line += byte
        return line

    def write(self, buf: Any, *span: int) -> int | None:
        """``write(buf)``, ``write(buf, n)`` or ``write(buf, offset, n)``."""
        view = memoryview(buf.encode() if isinstance(buf, str) else buf)
        if span:
            start, n = span if len(span) == 2 else (0, span[0])
            view = view[start : start + n]
        try:
            if self.gettimeout() == 0:
                return self.send(view)
            self.sendall(view)
        except BlockingIOError:
            return None
        return len(view)


def socket_module(opened: Opened) -> ModuleType:
    class BoardSocket(Socket):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            opened.add(self)

    module = ModuleType("socket")
    vars(module).update(vars(socket), socket=BoardSocket)
    return module
