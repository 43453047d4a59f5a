"""A WebSocket server of the hub's, bounded, and silent about what its peers have sent.

The `websockets` library would log each handshake's URL and each frame at level debug, with the
keys and passwords in them; and a traceback for every peer that goes away in its handshake.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from motelink_tools.errors import ToolError

_FRAME_BYTES = 64 * 1024
_PING_S = 20.0

Handle = Callable[[ServerConnection], Awaitable[None]]
Admit = Callable[[ServerConnection, Request], Awaitable[Response | None]]


class WebSocketListener:
    """``handle`` runs for each connection, once ``admit`` returns no other answer. ``name`` is
    that of the platform, for people. ``port``: 0 takes a free one."""

    def __init__(
        self, name: str, host: str, port: int, handle: Handle, admit: Admit | None = None
    ) -> None:
        self._name = name
        self._host = host
        self._port = port
        self._handle = handle
        self._admit = admit
        self._server: Server | None = None

    async def start(self) -> None:
        """Raises ToolError when the port is taken."""
        try:
            self._server = await serve(
                self._handle,
                self._host,
                self._port,
                process_request=self._admit,
                compression=None,
                max_size=_FRAME_BYTES,
                ping_interval=_PING_S,
                ping_timeout=_PING_S,
                logger=_logger(),
                server_header=None,
            )
        except OSError as error:
            raise ToolError(
                f"{self._name} cannot listen on {self._host}:{self._port}: {error.strerror}",
                kind="port_taken",
            ) from error

    async def close(self) -> None:
        """End all connections. Also after a `start` that failed."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """``ws://host:port``."""
        return f"ws://{self._host}:{self.port}"


def _logger() -> logging.Logger:
    found = logging.getLogger("motelink.websocket")
    found.setLevel(logging.WARNING)
    found.addFilter(_is_ours)
    return found


def _is_ours(record: logging.LogRecord) -> bool:
    if record.msg == "unexpected internal error" and record.exc_info:
        # A peer that has left while its key was looked up: the library asserts that it has not.
        return record.exc_info[0] is not AssertionError
    return record.msg != "opening handshake failed"
