"""Amqtt, a broker in Python, for machines where mosquitto can be neither found nor fetched."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.access import Access, Account
from motelink_tools.hub.broker.ports import check_free, free_port

_PLUGIN = "motelink_tools.hub.broker.amqtt_plugin.AccessPlugin"
_CALL_S = 20.0


class AmqttBroker:
    """The same as `Broker`, in a thread of its own, with these limits.

    Nothing outlives it: sessions, retained and queued messages are lost when it stops. It knows
    no limits of QoS, of retained messages or of size. Needs the package amqtt
    (``pip install motelink[amqtt]``). Raises ToolError.
    """

    name = "amqtt"
    lowers_qos = False

    def __init__(
        self,
        port: int = 0,
        users: Mapping[str, str] | None = None,
        acl: Iterable[str] = (),
        *,
        host: str = "127.0.0.1",
        ws_port: int | None = None,
        anonymous: bool | None = None,
        account: str | None = None,
    ) -> None:
        self.host = host
        self.port = port or free_port(host)
        self.ws_port = free_port(host) if ws_port == 0 else ws_port
        self.access = Access(
            users or {}, acl, anonymous=not users if anonymous is None else anonymous
        )
        self.account: Account | None = self.access.new_account(account) if account else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._broker: Any = None

    def grant(self, user: str, password: str, rules: Iterable[str]) -> None:
        """Add a user, or change one."""
        self.access.grant(user, password, rules)

    def revoke(self, user: str) -> None:
        """Remove a user. Its connections end."""
        self.access.revoke(user)
        if self._broker is not None:
            self._call(self._end_sessions(user))

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        try:
            from amqtt.broker import Broker
            from amqtt.errors import AMQTTError
        except ImportError:
            raise ToolError(
                "amqtt is not installed: pip install 'motelink[amqtt]'", kind="no_amqtt"
            ) from None
        listeners = {"default": {"type": "tcp", "bind": f"{self.host}:{self.port}"}}
        if self.ws_port is not None:
            listeners["ws"] = {"type": "ws", "bind": f"{self.host}:{self.ws_port}"}
        for port in filter(None, (self.port, self.ws_port)):
            check_free(self.host, port)
        # It logs each client's troubles as its own.
        for noisy in ("amqtt", "transitions"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="amqtt")
        self._thread.start()
        config = {"listeners": listeners, "plugins": {_PLUGIN: {"access": self.access}}}

        async def start() -> None:
            self._broker = Broker(config)
            await self._broker.start()

        try:
            self._call(start())
        except AMQTTError as error:
            self.close()
            raise ToolError(f"amqtt did not start: {error}", kind="broker_failed") from error

    async def keep(self) -> None:
        """A thread does not end by itself."""
        await asyncio.Event().wait()

    def close(self) -> None:
        """Stop it."""
        if self._loop is None or self._thread is None:
            return
        if self._broker is not None and self._broker.transitions.is_started():
            self._call(self._shut_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CALL_S)
        self._loop.close()
        self._loop = self._thread = self._broker = None

    def __enter__(self) -> AmqttBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_S)

    async def _end_sessions(self, user: str) -> None:
        for session, handler in list(self._broker.sessions.values()):
            if session.username == user:
                await handler.handle_connection_closed()

    async def _shut_down(self) -> None:
        await self._broker.shutdown()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
