"""The Manager for asyncio programs: listens, keeps the clients, sends, beats."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from motelink.manager_wire import ANSWER_MS, DEFAULT_PORT, RAW
from motelink_tools.hub.manager.bridge import Bridge, Caller, LoopClosed, caller
from motelink_tools.hub.manager.client import Bytes, Client, as_bytes
from motelink_tools.hub.manager.connection import PLATFORM, Connection
from motelink_tools.hub.manager.events import Events, Handler
from motelink_tools.hub.manager.framing import DIALECTS
from motelink_tools.hub.manager.listener import Listener
from motelink_tools.hub.registry import Registry

Result = TypeVar("Result")

# How long close() waits for handlers that still run.
HANDLER_GRACE_S = 5.0


class AsyncManager:
    """A Manager in the caller's own asyncio loop: ``async with AsyncManager(types) as manager``.

    The arguments and methods are `Manager`'s. It listens from `start` to `close`. The methods
    may be called in any thread.
    """

    def __init__(
        self,
        valid_types: Sequence[str],
        ssl_context: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        connection_port: int = DEFAULT_PORT,
        max_workers: int = 16,
        heartbeat_rate: float = 60,
        backlogged_connections: int = 10,
        logging_id: str = "[Manager]",
        logging_level: int = logging.INFO,
        *,
        framing: str = RAW,
        registry: Registry | None = None,
        answer_timeout: float = ANSWER_MS / 1000,
        send_bytes: int = 256 * 1024,
    ) -> None:
        self.valid_types = _check_types(valid_types)
        if ssl_context is not None and not isinstance(ssl_context, ssl.SSLContext):
            raise TypeError(f"expected an ssl.SSLContext, got {type(ssl_context).__name__}")
        if not heartbeat_rate > 0 or not answer_timeout > 0:
            raise ValueError("heartbeat_rate and answer_timeout are seconds, more than 0")
        if not 0 <= connection_port <= 65535:
            raise ValueError(f"expected a port of 0 to 65535, got {connection_port}")
        if framing not in DIALECTS:
            raise ValueError(f"expected framing of {', '.join(DIALECTS)}; got {framing!r}")
        self.host = host
        self.port = connection_port
        self.heartbeat_rate = heartbeat_rate
        self.framing = framing
        self.encode = DIALECTS[framing].encode
        self.answer_timeout = answer_timeout
        self.send_bytes = send_bytes
        self.logger = logging.getLogger(logging_id)
        self.logger.setLevel(logging_level)
        self.report = registry or Registry()
        self.events = Events(self.valid_types, self.logger, max_workers)
        self.now: Callable[[], float] = time.monotonic
        self._listener = Listener(
            lambda address: Connection(self, address), self.logger, ssl_context, answer_timeout
        )
        self._backlog = backlogged_connections
        self._bridge: Bridge | None = None
        self._connections: set[Connection] = set()
        self._clients: dict[str, Connection] = {}
        self._ticking: asyncio.Task[None] | None = None
        self._closing = False
        self._idle = asyncio.Event()  # closing, and the last connection is gone
        self._closed = asyncio.Event()

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. Raises ToolError if host and port cannot be had; `port` is then the real one."""
        if self._bridge is not None:
            raise RuntimeError("this Manager was started before; make a new one")
        self.port = self._listener.open(self.host, self.port, self._backlog)
        self._bridge = Bridge()
        self._ticking = asyncio.get_running_loop().create_task(self._tick())
        self.logger.info("listening on %s:%d, dialect %s", self.host, self.port, self.framing)

    async def close(self) -> None:
        """End every connection, let handlers finish, and stop. May be called again."""
        if self._bridge is None or self._ticking is None:
            return
        if self._closing:
            await self._closed.wait()
            return
        self._closing = True
        await self._listener.close()
        await self._end_connections()
        await self.events.close(HANDLER_GRACE_S)
        self._ticking.cancel()
        await asyncio.wait({self._ticking})
        self._bridge.close()
        self.logger.info("closed")
        self._closed.set()

    async def __aenter__(self) -> AsyncManager:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # -- the documented methods ------------------------------------------------------------

    def event(self, function: Handler) -> Handler:
        """Decorator: register an event handler by its name. See `Manager.event`."""
        return self.events.register(function)

    def send_all(self, data: Bytes) -> int:
        """Send to every client. Returns to how many."""
        return self._send(lambda _: True, as_bytes(data))

    def send_type(self, device_type: str, data: Bytes) -> int:
        """Send to every client of one type. Returns to how many."""
        if device_type not in self.valid_types:
            self.logger.warning("no client can be of type %r", device_type)
        return self._send(lambda client: client.data.type == device_type, as_bytes(data))

    def send(self, unique_id: str, data: Bytes) -> int | None:
        """Send to one client. Returns the size of ``data``, or None if it is not connected."""
        payload = as_bytes(data)
        frame = self.encode(payload)
        connection = self._clients.get(unique_id)
        if connection is None:
            self.logger.warning("no client %r is connected", unique_id)
            return None
        return self._on_loop(None, connection.send, caller(), frame, len(payload))

    def send_all_string(self, string: str) -> int:
        """`send_all`, in UTF-8."""
        return self.send_all(string.encode())

    def send_type_string(self, device_type: str, string: str) -> int:
        """`send_type`, in UTF-8."""
        return self.send_type(device_type, string.encode())

    def send_string(self, unique_id: str, string: str) -> int | None:
        """`send`, in UTF-8."""
        return self.send(unique_id, string.encode())

    def get_client_data(self) -> list[dict[str, Any]]:
        """``[{"uuid": ..., "type": ..., "data": {...}}]`` of the connected clients."""
        return [client.return_data() for client in self.get_clients()]

    def get_clients(self) -> list[Client]:
        """The connected clients, in the order in which they came."""
        return self._on_loop([], self._connected_clients)

    # -- for connections, on the loop ------------------------------------------------------

    @property
    def bridge(self) -> Bridge:
        """The way to the loop. Raises RuntimeError before `start`."""
        if self._bridge is None:
            raise RuntimeError("this Manager has not been started")
        return self._bridge

    def opened(self, connection: Connection) -> None:
        """A socket was accepted, and its TLS handshake done."""
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        """Its socket is closed."""
        self._connections.discard(connection)
        if self._closing and not self._connections:
            self._idle.set()

    def register(self, client: Client, connection: Connection) -> None:
        """A device has said who it is. An older connection of the same UUID ends."""
        data, (host, port) = client.data, client.address
        older = self._clients.get(data.uuid)
        if older is not None:
            older.finish(f"replaced by a newer connection, from {host}:{port}", logging.WARNING)
        self._clients[data.uuid] = connection
        self.logger.info("%s connected: type %s, from %s:%d", data.uuid, data.type, host, port)
        self.report.connected(PLATFORM, data.uuid, kind=data.type, address=f"{host}:{port}")
        self.events.connected(client, connection)

    def unregister(self, client: Client, connection: Connection) -> None:
        """Its connection has ended."""
        if self._clients.get(client.data.uuid) is connection:
            del self._clients[client.data.uuid]
        self.report.disconnected(PLATFORM, client.data.uuid, connection.ended)

    # -- inside ----------------------------------------------------------------------------

    def _connected_clients(self) -> list[Client]:
        return [found.client for found in self._clients.values() if found.client]

    def _send(self, wanted: Callable[[Client], bool], payload: bytes) -> int:
        return self._on_loop(
            0, self._send_each, wanted, caller(), self.encode(payload), len(payload)
        )

    def _send_each(
        self, wanted: Callable[[Client], bool], who: Caller, frame: bytes, size: int
    ) -> int:
        # A copy: a client that does not read is ended, and so leaves, meanwhile.
        targets = [c for c in self._clients.values() if c.client and wanted(c.client)]
        return sum(connection.send(who, frame, size) is not None for connection in targets)

    def _on_loop(self, closed: Result, function: Callable[..., Result], *arguments: Any) -> Result:
        try:
            return self.bridge.call(function, *arguments)
        except LoopClosed:
            return closed

    async def _tick(self) -> None:
        """One clock for all: heartbeats and deadlines, instead of a timer a client.

        Clients that came together, as after a power cut, would beat together for ever; at most
        twice the even share of a turn makes them drift apart.
        """
        before = self.now()
        while True:
            shortest = min(self.heartbeat_rate, self.answer_timeout)
            await asyncio.sleep(min(max(shortest / 50, 0.005), 0.1))
            now = self.now()
            share = len(self._connections) * (now - before) / self.heartbeat_rate
            before, beats = now, math.ceil(2 * share)
            for connection in tuple(self._connections):
                beats -= connection.tick(now, beats > 0)

    async def _end_connections(self) -> None:
        for connection in tuple(self._connections):
            connection.inbox.discard_pending()
            connection.finish("the Manager closes")
        if self._connections:
            # The tick aborts those that linger.
            await self._idle.wait()


def _check_types(valid_types: Sequence[str]) -> tuple[str, ...]:
    if isinstance(valid_types, str) or not all(isinstance(kind, str) for kind in valid_types):
        raise TypeError(f"valid_types must be a list of strings, got {valid_types!r}")
    for kind in valid_types:
        if not kind or "#" in kind or not kind.isprintable():
            raise ValueError(f"{kind!r} cannot be a device type: empty, or '#' or control in it")
    return tuple(valid_types)
