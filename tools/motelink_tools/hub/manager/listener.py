"""Accepting connections, and their TLS handshakes."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Callable

from motelink_tools.errors import ToolError

Address = tuple[str, int]

# Connections accepted in one turn of the loop, so that a flood leaves time for the others.
_AT_ONCE = 32

# After accept failed (no file descriptors left), how long before the next try.
_RETRY_S = 1.0


class Listener:
    """Listens from `open` to `close`, and gives every connection a protocol of its own.

    asyncio's own server keeps failed TLS handshakes to itself; here each is logged, because
    that line is what a user with a wrong certificate looks for.
    """

    def __init__(
        self,
        make_protocol: Callable[[Address], asyncio.Protocol],
        logger: logging.Logger,
        ssl_context: ssl.SSLContext | None,
        handshake_timeout: float,
    ) -> None:
        self._make_protocol = make_protocol
        self._logger = logger
        self._ssl_context = ssl_context
        self._handshake_timeout = handshake_timeout if ssl_context else None
        self._socket: socket.socket | None = None
        self._welcomes: set[asyncio.Task[None]] = set()

    def open(self, host: str, port: int, backlog: int) -> int:
        """Listen, and return the real port. Raises ToolError if that cannot be had."""
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, port), family=family, backlog=backlog)
        except OSError as error:
            raise ToolError(
                f"cannot listen on {host}:{port}: {_why(error)}; "
                "choose another port (0: any that is free) or address",
                kind="cannot_listen",
            ) from error
        self._socket.setblocking(False)
        self._watch()
        real_port: int = self._socket.getsockname()[1]
        return real_port

    async def close(self) -> None:
        """Accept no more. A handshake that is not done is given up."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        # One turn, so that each welcome has begun: one cancelled before would leak its socket.
        await asyncio.sleep(0)
        for task in self._welcomes:
            task.cancel()
        if self._welcomes:
            await asyncio.wait(self._welcomes)

    def _watch(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_reader(self._socket, self._accept, self._socket)

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(_AT_ONCE):
            try:
                accepted, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._logger.error("cannot accept connections for a moment: %s", error)
                loop.remove_reader(listening)
                loop.call_later(_RETRY_S, self._watch)
                return
            task = loop.create_task(self._welcome(accepted, address[:2]))
            self._welcomes.add(task)
            task.add_done_callback(self._welcomes.discard)

    async def _welcome(self, accepted: socket.socket, address: Address) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._make_protocol(address),
                accepted,
                ssl=self._ssl_context,
                ssl_handshake_timeout=self._handshake_timeout,
            )
        except OSError as error:
            self._logger.warning("%s:%d refused in its TLS handshake: %s", *address, error)


def _why(error: OSError) -> str:
    # create_server adds the address to strerror; name resolution has numbers of its own.
    named = isinstance(error, socket.gaierror) or not error.errno
    return str(error.strerror or error) if named else os.strerror(error.errno or 0)
