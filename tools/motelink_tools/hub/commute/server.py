"""The IoT Commute server on the `websockets` library: one asyncio task a connection."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from motelink_tools.errors import ToolError
from motelink_tools.hub.commute.records import Records
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.strict_json import parse_json
from motelink_tools.hub.websocket_listener import WebSocketListener

PLATFORM = "commute"
SIDES = ("device", "client")
_LOG = logging.getLogger("motelink.commute")
_CONNECTIONS = 2000
_CONNECTIONS_A_DEVICE = 16
# Frames that wait for one slow peer; beyond that the oldest goes, the newest state counts.
_WAITING = 64


class _Peer:
    """One connection, and what waits to be sent to it."""

    def __init__(self, connection: ServerConnection, device: str, side: str) -> None:
        self.connection = connection
        self.device = device
        self.side = side
        self.dropped = 0
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_WAITING)

    def tell(self, text: str) -> None:
        if self._waiting.full():
            self._waiting.get_nowait()
            self.dropped += 1
        self._waiting.put_nowait(text)

    async def write(self) -> None:
        try:
            while True:
                await self.connection.send(await self._waiting.get())
        except ConnectionClosed:
            pass


class Commute:
    """``async with Commute(folder / "commute.db", registry) as server:`` serves until left.

    ``port``: 0 takes a free one, `address` says which. ``on_tick(device, side, status)`` sees
    every ``put``. Raises ToolError when the port is taken.
    """

    def __init__(
        self,
        database: Path,
        registry: Registry,
        host: str = "127.0.0.1",
        port: int = 0,
        on_tick: Callable[[str, str, Any], None] | None = None,
    ) -> None:
        self.records = Records(database)
        self.ignored = 0  # frames that are not of the protocol
        self._registry = registry
        self._listener = WebSocketListener("IoT Commute", host, port, self._serve, self._admit)
        self._on_tick = on_tick
        self._peers: dict[str, list[_Peer]] = {}
        self._count = 0
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Commute:
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
        """The ``root`` that devices and clients are given."""
        return f"{self._listener.address}/ws"

    def online(self) -> set[str]:
        """The devices whose own side is connected."""
        return {
            device
            for device, peers in self._peers.items()
            if any(peer.side == "device" for peer in peers)
        }

    def remove(self, device: str) -> None:
        """Forget a device and its states, and end its connections, of both sides. Raises
        ToolError."""
        self.records.remove(device)
        self._registry.forget(PLATFORM, device)
        for peer in self._peers.get(device, []):
            closing = asyncio.create_task(peer.connection.close(1008, "removed"))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    def send(self, device: str, status: Any) -> int:
        """Say something to the device as a client would; how many connections took it. Raises
        ToolError."""
        if device not in self.records.devices():
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        return self._relay(device, "client", status)

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        asked = parse_qs(urlsplit(request.path).query)
        device, key, side = (asked.get(name, [""])[0] for name in ("device", "key", "side"))
        if side not in SIDES:
            return connection.respond(HTTPStatus.BAD_REQUEST, "side must be device or client\n")
        if not await asyncio.to_thread(self.records.knows, device, key):
            # A name that is not known may be a key in the wrong place.
            who = repr(device) if device in self.records.devices() else "an unknown device"
            _LOG.warning("refused %s: wrong device or key", who)
            return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong device or key\n")
        here = self._peers.get(device, [])
        if self._count >= _CONNECTIONS or len(here) >= _CONNECTIONS_A_DEVICE:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        connection.peer = _Peer(connection, device, side)  # type: ignore[attr-defined]
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        peer: _Peer = connection.peer  # type: ignore[attr-defined]
        self._peers.setdefault(peer.device, []).append(peer)
        self._count += 1
        host, port = connection.remote_address[:2]
        if peer.side == "device":
            self._registry.connected(PLATFORM, peer.device, address=f"{host}:{port}")
        writer = asyncio.create_task(peer.write())
        try:
            async for frame in connection:
                self._take(peer, frame)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
            self._leave(peer)

    def _leave(self, peer: _Peer) -> None:
        here = self._peers[peer.device]
        here.remove(peer)
        self._count -= 1
        if peer.side == "device" and all(other.side != "device" for other in here):
            code = peer.connection.close_code
            self._registry.disconnected(PLATFORM, peer.device, f"closed with {code}")
        if not here:
            del self._peers[peer.device]

    def _take(self, peer: _Peer, frame: str | bytes) -> None:
        if peer.side == "device":
            data = frame.encode() if isinstance(frame, str) else frame
            self._registry.message_in(PLATFORM, peer.device, len(data), data)
        try:
            message = parse_json(frame)
            method = message["method"]
            if method == "put":
                self._put(peer, message["status"])
            elif method == "get" and isinstance(message["sensor"], str):
                state = self.records.state(peer.device, message["sensor"])
                self._tell(peer, json.dumps(state))
            else:
                self.ignored += 1
        except (ValueError, KeyError, TypeError, sqlite3.IntegrityError):
            self.ignored += 1  # the last: of a device that was removed

    def _put(self, peer: _Peer, status: Any) -> None:
        is_state = isinstance(status, dict) and isinstance(status.get("sensor"), str)
        if is_state and "value" in status and not self.records.put(peer.device, status):
            self.ignored += 1  # a sensor too many: relayed, not kept
        self._relay(peer.device, peer.side, status)

    def _relay(self, device: str, side: str, status: Any) -> int:
        if self._on_tick:
            self._on_tick(device, side, status)
        text = json.dumps(status)
        others = [peer for peer in self._peers.get(device, []) if peer.side != side]
        for peer in others:
            self._tell(peer, text)
        return len(others)

    def _tell(self, peer: _Peer, text: str) -> None:
        peer.tell(text)
        if peer.side == "device":
            self._registry.message_out(PLATFORM, peer.device, len(text), text.encode())
