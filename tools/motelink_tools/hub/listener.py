"""An HTTP server on a port of its own, inside a loop that others run."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from motelink_tools.errors import ToolError

_CONNECTIONS = 512
_SHUTDOWN_S = 2
_READING_S = 1.0  # for those who still read what they were sent
# In the kernel, for one who does not read: what waits there is out of date.
_SEND_BYTES = 64 * 1024


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # Ctrl-C is for who runs the loop


class Listener:
    """``await start()``, ``await close()``. Port 0 takes a free one. ``who`` is for the error."""

    def __init__(self, who: str, application: ASGIApp, host: str, port: int) -> None:
        self._who = who
        self._application = application
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._socket is not None
        port: int = self._socket.getsockname()[1]
        return port

    async def start(self) -> None:
        """Returns when it serves. Raises ToolError if the port cannot be had."""
        try:
            self._socket = socket.create_server(
                (self._host, self._port),
                family=socket.AF_INET6 if ":" in self._host else socket.AF_INET,
            )
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BYTES)
        except OSError as error:
            raise ToolError(
                f"{self._who} cannot listen on {self._host}:{self._port}: {error.strerror}",
                kind="cannot_listen",
            ) from error
        config = uvicorn.Config(
            self._application,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # whoever connects could name another client in them
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve([self._socket]))

    async def close(self) -> None:
        """Stop serving; may be called without a start."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.wait({self._task}, timeout=_READING_S)
            # Who does not read would keep its handler waiting until that is killed, with a fault
            # in the log.
            for connection in tuple(self._server.server_state.connections):
                connection.transport.abort()
            await self._task
        if self._socket is not None:
            self._socket.close()
