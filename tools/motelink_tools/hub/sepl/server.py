"""The SEPL platform on the `websockets` library: one asyncio task a connection."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from motelink_tools.errors import ToolError
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.sepl.records import Records
from motelink_tools.hub.sepl.session import Session, body, command, greeting
from motelink_tools.hub.websocket_listener import WebSocketListener

PLATFORM = "sepl"
_LOG = logging.getLogger("motelink.sepl")
_CONNECTIONS = 2000
_COMMANDS = 64  # that wait for their response, a gateway
_CREDENTIALS_S = 10.0
_EVENT = ("device", "service", "value")


class _Gateway:
    """One connection whose credentials were right."""

    def __init__(self, connection: ServerConnection, gid: str) -> None:
        self.connection = connection
        self.gid = gid
        self.waiting: dict[str, asyncio.Future[Any]] = {}

    def response(self, token: str, message: Any) -> bool:
        waiter = self.waiting.pop(token, None)
        if waiter is None or waiter.done():
            return False
        waiter.set_result(message)
        return True

    def close(self) -> None:
        for waiter in self.waiting.values():
            if not waiter.done():
                waiter.set_exception(ToolError("the gateway is gone", kind="no_gateway"))


class Sepl:
    """``async with Sepl(folder / "sepl.db", registry) as platform:`` serves until left.

    ``port``: 0 takes a free one, `address` says which. ``on_event(gid, device, service, value)``
    sees every event. Raises ToolError when the port is taken.
    """

    def __init__(
        self,
        database: Path,
        registry: Registry,
        host: str = "127.0.0.1",
        port: int = 0,
        on_event: Callable[[str, str, str, Any], None] | None = None,
    ) -> None:
        self.records = Records(database)
        self.ignored = 0  # frames that were no message
        self._registry = registry
        self._listener = WebSocketListener("SEPL", host, port, self._serve)
        self._on_event = on_event
        self._gateways: dict[str, _Gateway] = {}
        self._count = 0
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Sepl:
        try:
            await self._listener.start()
        except ToolError:
            self.records.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._listener.close()
        self.records.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._listener.port

    @property
    def address(self) -> str:
        """Where gateways connect to."""
        return self._listener.address

    def online(self) -> set[str]:
        """The gateways that are connected."""
        return set(self._gateways)

    def remove_user(self, name: str) -> None:
        """Forget a user, the gateways and their devices, and end their connections. Raises
        ToolError."""
        gids = self.records.gateways(name)
        self.records.remove_user(name)
        for gid in gids:
            self._registry.forget(PLATFORM, gid)
            if gid in self._gateways:
                self._end(self._gateways[gid], "removed")

    async def command(
        self, device: str, service: str, value: Any = None, timeout: float = 10.0
    ) -> Any:
        """Send a command to a service of a device, and await the value that it responds.

        Raises ToolError: no such device, its gateway is away or refuses, no answer in time.
        """
        gateway = self._gateway_of(device)
        if len(gateway.waiting) >= _COMMANDS:
            raise ToolError(f"{device}: {_COMMANDS} commands wait already", kind="busy")
        token = str(uuid.uuid4())
        waiter = asyncio.get_running_loop().create_future()
        gateway.waiting[token] = waiter
        text = command(token, device, service, value)
        try:
            async with asyncio.timeout(timeout):
                await gateway.connection.send(text)
                self._registry.message_out(PLATFORM, gateway.gid, len(text), text.encode())
                message = await waiter
        except TimeoutError:
            raise ToolError(f"{device}: no response in {timeout:g} s", kind="timeout") from None
        except ConnectionClosed:
            raise ToolError("the gateway is gone", kind="no_gateway") from None
        finally:
            gateway.waiting.pop(token, None)
        return _value(device, message)

    def _gateway_of(self, device: str) -> _Gateway:
        rows = [row for row in self.records.devices() if row.uri == device]
        if not rows:
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        for row in rows:
            if row.connected and row.gid in self._gateways:
                return self._gateways[row.gid]
        raise ToolError(f"{device} is not connected", kind="no_gateway")

    async def _serve(self, connection: ServerConnection) -> None:
        if self._count >= _CONNECTIONS:
            await connection.close(1013, "too many connections")
            return
        self._count += 1
        try:
            gid = await self._greet(connection)
            if gid is not None:
                await self._talk(connection, gid)
        except ConnectionClosed:
            pass
        finally:
            self._count -= 1

    async def _greet(self, connection: ServerConnection) -> str | None:
        """The credentials; the gateway's id, or None when they were refused."""
        try:
            async with asyncio.timeout(_CREDENTIALS_S):
                hello = json.loads(await connection.recv())
            user, password, gid = hello["user"], hello["pw"], hello["gid"]
            strings = isinstance(user, str) and isinstance(password, str)
            json.dumps(hello, ensure_ascii=False).encode()  # lone surrogates: no database has them
        except TimeoutError:
            await connection.close(1008, "no credentials")
            return None
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            strings = False
        if not strings or not await asyncio.to_thread(self.records.knows, user, password):
            # A name that is not known may be a password in the wrong place.
            who = repr(user) if strings and user in self.records.users() else "an unknown user"
            _LOG.warning("refused %s: wrong user or password", who)
            await connection.send(greeting(401, "wrong user or password"))
            await connection.close(1008, "wrong user or password")
            return None
        gid, known = self.records.gateway(user, gid if isinstance(gid, str) else "")
        await connection.send(greeting(200, {"gid": gid, "hash": known}))
        return gid

    async def _talk(self, connection: ServerConnection, gid: str) -> None:
        gateway = _Gateway(connection, gid)
        before = self._gateways.get(gid)
        self._gateways[gid] = gateway
        if before is not None:
            self._end(before, "connected from elsewhere")
        session = Session(self.records, gid, gateway.response)
        host, port = connection.remote_address[:2]
        self._registry.connected(PLATFORM, gid, kind="gateway", address=f"{host}:{port}")
        try:
            async for frame in connection:
                answer = session.received(frame)
                self._registry.message_in(PLATFORM, gid, len(frame), _shown(session))
                if answer is None:
                    self.ignored += 1
                else:
                    await connection.send(answer)
                if session.event and self._on_event:
                    self._on_event(gid, *session.event)
                session.event = None
        finally:
            gateway.close()
            if self._gateways.get(gid) is gateway:
                del self._gateways[gid]
                code = connection.close_code
                self._registry.disconnected(PLATFORM, gid, f"closed with {code}")

    def _end(self, gateway: _Gateway, reason: str) -> None:
        """Close a connection, which may be dead already."""
        closing = asyncio.create_task(gateway.connection.close(1008, reason))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


def _shown(session: Session) -> bytes:
    """What people want to see of a message: an event; the rest is the protocol's own talk."""
    if session.event is None:
        return b""
    return json.dumps(dict(zip(_EVENT, session.event, strict=True))).encode()


def _value(device: str, message: Any) -> Any:
    status = message.get("status")
    if status != 200:
        raise ToolError(f"{device} refused the command: status {status}", kind="refused")
    try:
        return body(message["payload"]["protocol_parts"])
    except (KeyError, TypeError, IndexError):
        raise ToolError(f"{device} responded without a body", kind="refused") from None
