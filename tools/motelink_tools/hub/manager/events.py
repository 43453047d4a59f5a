"""The user's event handlers: which there are, and running them.

Those of one client run one after another, in the order of what happened; those of different
clients side by side. Plain functions run in a pool of threads, so that they may block;
coroutines run on the loop.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from motelink_tools.hub.manager.client import Client
from motelink_tools.hub.manager.info import ConnectionEnd

if TYPE_CHECKING:
    from motelink_tools.hub.manager.connection import Connection

Handler = TypeVar("Handler", bound=Callable[..., Any])

_EVENTS = ("on_connect", "on_message")


class Events:
    """The handlers of one Manager, and the threads that run them."""

    def __init__(self, types: Sequence[str], logger: logging.Logger, max_workers: int) -> None:
        self._logger = logger
        self._names = {name for event in _EVENTS for name in (event, *_by_type(event, types))}
        self._types = types
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._workers: set[int] = set()
        self._pool = ThreadPoolExecutor(
            max_workers, "motelink-handler", initializer=self._remember_worker
        )
        self._pumps: dict[Connection, asyncio.Task[None]] = {}

    def register(self, function: Handler) -> Handler:
        """Take a handler by its name; a second one of a name replaces the first."""
        name = getattr(function, "__name__", None)
        if not callable(function) or name is None:
            raise TypeError(f"expected a function as event handler, got {function!r}")
        if name not in self._names:
            raise ValueError(
                f"there is no event {name!r}; expected on_connect, on_message, on_connect_<type>"
                f" or on_message_<type>, with a type of: {', '.join(self._types)}"
            )
        self._handlers[name] = function
        return function

    def in_handler(self) -> bool:
        """Whether this thread is running a handler."""
        return threading.get_ident() in self._workers

    def connected(self, client: Client, connection: Connection) -> None:
        """Run on_connect, then on_message for what comes."""
        self._start(connection, self._pump(client, connection, greet=True))

    def pump(self, client: Client, connection: Connection) -> None:
        """Run on_message for what waits, unless that is being done."""
        if connection not in self._pumps:
            self._start(connection, self._pump(client, connection, greet=False))

    async def close(self, grace_s: float) -> None:
        """Let the handlers that run come to their end, for ``grace_s`` at most."""
        own = asyncio.current_task()
        running = {pump for pump in self._pumps.values() if pump is not own}
        if running:
            _, running = await asyncio.wait(running, timeout=grace_s)
        for pump in running:
            pump.cancel()
        if running:
            self._logger.warning("%d handlers still run; left alone", len(running))
            await asyncio.wait(running, timeout=grace_s)
        self._pool.shutdown(wait=not running and own not in self._pumps.values())

    def _start(self, connection: Connection, pump: Any) -> None:
        self._pumps[connection] = asyncio.get_running_loop().create_task(pump)

    async def _pump(self, client: Client, connection: Connection, greet: bool) -> None:
        try:
            if greet:
                await self._fire("on_connect", client)
            while (message := connection.inbox.next_pending()) is not None:
                connection.resume()
                await self._fire("on_message", client, message)
        finally:
            del self._pumps[connection]

    async def _fire(self, event: str, client: Client, *message: bytes) -> None:
        for name in (event, f"{event}_{client.data.type}"):
            handler = self._handlers.get(name)
            if handler is None:
                continue
            # Each its own: the documentation promises a bytearray, which may be changed.
            arguments = (client, *(bytearray(body) for body in message))
            if inspect.iscoroutinefunction(handler):
                await self._run_coroutine(name, handler, arguments)
            else:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._pool, self._run, name, handler, arguments)

    async def _run_coroutine(
        self, name: str, handler: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> None:
        try:
            await handler(*arguments)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            self._failed(name, arguments[0], error)
        except (Exception, SystemExit) as error:
            self._failed(name, arguments[0], error)

    def _run(self, name: str, handler: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            handler(*arguments)
        except BaseException as error:  # in a thread of ours, nobody else would see it
            self._failed(name, arguments[0], error)

    def _failed(self, name: str, client: Client, error: BaseException) -> None:
        if isinstance(error, ConnectionEnd) and not client.connected:
            self._logger.info("%s of %s stopped: %s", name, client.data.uuid, error)
        else:
            self._logger.error("%s of %s raised", name, client.data.uuid, exc_info=error)

    def _remember_worker(self) -> None:
        self._workers.add(threading.get_ident())


def _by_type(event: str, types: Sequence[str]) -> list[str]:
    return [f"{event}_{kind}" for kind in types]
