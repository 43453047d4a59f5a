"""The documented Manager: an `AsyncManager` on a loop of its own, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any

from motelink.manager_wire import ANSWER_MS, DEFAULT_PORT, RAW
from motelink_tools.hub.manager.bridge import LoopClosed
from motelink_tools.hub.manager.client import Bytes, Client
from motelink_tools.hub.manager.events import Handler
from motelink_tools.hub.manager.server import AsyncManager
from motelink_tools.hub.registry import Registry


class Manager:
    """Listens for devices from its construction to `close`; a context manager.

    ``valid_types`` are the device types that may connect. ``host`` and ``connection_port`` say
    where to listen (port 0: any that is free, see ``port``), ``ssl_context`` makes it TLS.
    ``max_workers`` is how many plain event handlers may run at once, ``heartbeat_rate`` the
    seconds between two heartbeats to each client. ``backlogged_connections`` is how many may wait
    to be accepted; raise it where hundreds may come at once, as after a power cut, for a device
    that finds it full may think itself connected and hear nothing. ``logging_id`` names
    ``logger``, and ``logging_level`` is its level.

    Beyond the documentation: ``framing`` is the dialect (``raw``, ``terminated`` or ``length``),
    ``registry`` is where to report devices, ``answer_timeout`` the seconds that a device has to
    answer getinfo and heartbeats, ``send_bytes`` how much may wait for a device that does not
    read before it is ended.

    Raises ToolError if it cannot listen there. Every method may be called in any thread, and in
    an asyncio program too, but for `close`, which waits: use `AsyncManager` there.
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
        self._core = AsyncManager(
            valid_types,
            ssl_context,
            host,
            connection_port,
            max_workers,
            heartbeat_rate,
            backlogged_connections,
            logging_id,
            logging_level,
            framing=framing,
            registry=registry,
            answer_timeout=answer_timeout,
            send_bytes=send_bytes,
        )
        started: Future[None] = Future()
        self._stop = asyncio.Event()
        # A daemon, so that a program that forgets to close still ends.
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(started),), name="motelink-manager", daemon=True
        )
        self._thread.start()
        try:
            started.result()
        except BaseException:
            self._thread.join()
            raise

    @property
    def host(self) -> str:
        """The address it listens on."""
        return self._core.host

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._core.port

    @property
    def asynchronous(self) -> AsyncManager:
        """What this is a face of. Its methods may be called in any thread."""
        return self._core

    @property
    def logger(self) -> logging.Logger:
        """The logger named by ``logging_id``."""
        return self._core.logger

    @property
    def heartbeat_rate(self) -> float:
        """Seconds between two heartbeats to each client. May be set; holds from the next on."""
        return self._core.heartbeat_rate

    @heartbeat_rate.setter
    def heartbeat_rate(self, seconds: float) -> None:
        self._core.heartbeat_rate = seconds

    def event(self, function: Handler) -> Handler:
        """Decorator: register an event handler, a plain function or a coroutine, by its name.

        ``on_connect(client)``, ``on_message(client, message: bytearray)``, and for one type only
        ``on_connect_<type>`` and ``on_message_<type>``. Both kinds run, the general one first.
        Handlers of one client run one after another. A second handler of a name replaces the
        first. Raises ValueError for any other name.
        """
        return self._core.event(function)

    def send_all(self, data: Bytes) -> int:
        """Send to every client. Returns to how many."""
        return self._core.send_all(data)

    def send_type(self, device_type: str, data: Bytes) -> int:
        """Send to every client of one type. Returns to how many."""
        return self._core.send_type(device_type, data)

    def send(self, unique_id: str, data: Bytes) -> int | None:
        """Send to one client. Returns the size of ``data``, or None if it is not connected."""
        return self._core.send(unique_id, data)

    def send_all_string(self, string: str) -> int:
        """`send_all`, in UTF-8."""
        return self._core.send_all_string(string)

    def send_type_string(self, device_type: str, string: str) -> int:
        """`send_type`, in UTF-8."""
        return self._core.send_type_string(device_type, string)

    def send_string(self, unique_id: str, string: str) -> int | None:
        """`send`, in UTF-8."""
        return self._core.send_string(unique_id, string)

    def get_client_data(self) -> list[dict[str, Any]]:
        """``[{"uuid": ..., "type": ..., "data": {...}}]`` of the connected clients."""
        return self._core.get_client_data()

    def get_clients(self) -> list[Client]:
        """The connected clients, in the order in which they came."""
        return self._core.get_clients()

    def close(self) -> None:
        """End every connection and every thread, and wait for that. May be called again.

        Called by an event handler it does not wait, because the handler itself must end first.
        """
        core = self._core
        in_handler = core.events.in_handler() or core.bridge.on_loop()
        with contextlib.suppress(LoopClosed):
            core.bridge.post(self._stop.set)
        if not in_handler:
            self._thread.join()

    def __enter__(self) -> Manager:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _serve(self, started: Future[None]) -> None:
        try:
            await self._core.start()
        except BaseException as error:
            started.set_exception(error)
            return
        started.set_result(None)
        await self._stop.wait()
        await self._core.close()
