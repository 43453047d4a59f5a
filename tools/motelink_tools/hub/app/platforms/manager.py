"""iot-manager on the hub."""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from motelink.manager_wire import DEFAULT_PORT, RAW
from motelink_tools.errors import ToolError
from motelink_tools.hub.app.platform import Call, Context, Stream
from motelink_tools.hub.broker.ports import from_elsewhere
from motelink_tools.hub.manager.client import Client
from motelink_tools.hub.manager.connection import PLATFORM
from motelink_tools.hub.manager.info import ConnectionEnd, InvalidInfo
from motelink_tools.hub.manager.records import Records
from motelink_tools.hub.manager.server import AsyncManager

# Room for boards that come back all at once.
_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Settings:
    """Section ``[manager]``. See ``motelink manager --help``."""

    port: int = DEFAULT_PORT
    framing: str = RAW
    types: tuple[str, ...] = ("test",)
    heartbeat_rate: float = 60


class ManagerPlatform:
    """A Manager that keeps no messages; they show in the registry. ``records``: where devices are
    remembered, closed with it; None: nowhere.
    """

    name = PLATFORM

    def __init__(self, manager: AsyncManager, records: Records | None = None) -> None:
        self._manager = manager
        self._records = records
        self._serves = False

        async def on_connect(_client: Client) -> None:
            self._remember()

        if records is not None:
            manager.event(on_connect)

    async def start(self) -> None:
        await self._manager.start()
        self._serves = True

    async def close(self) -> None:
        if self._serves:
            self._remember()
        await self._manager.close()
        if self._records is not None:
            self._records.close()

    def addresses(self) -> dict[str, str]:
        host = from_elsewhere(self._manager.host)
        return {f"tcp, {self._manager.framing}": f"{host}:{self._manager.port}"}

    def calls(self) -> Mapping[str, Call]:
        return {
            "facts": self._facts,
            "join": self._join,
            "about": self._about,
            "send": self._send,
            "ask": self._ask,
            "forget": self._forget,
        }

    def streams(self) -> Mapping[str, Stream]:
        return {}

    async def _join(
        self,
        name: str,  # noqa: ARG002 by which others make accounts
        known: Mapping[str, Any],
    ) -> dict[str, Any]:
        """A board's settings: of the first type that there is, with an id of its own."""
        return {
            **known,
            "manager_host": from_elsewhere(self._manager.host),
            "manager_port": self._manager.port,
            "manager_type": self._manager.valid_types[0],
            "manager_framing": self._manager.framing,
        }

    async def _facts(self) -> dict[str, Any]:
        connected = {
            client.data.uuid: {"kind": client.data.type, "data": client.data.data}
            for client in self._manager.get_clients()
        }
        self._remember()
        known = self._records.all() if self._records else {}
        return {**{i: {"kind": k.type, "seen": k.seen} for i, k in known.items()}, **connected}

    def _remember(self) -> None:
        if self._records is not None:
            clients = self._manager.get_clients()
            self._records.update({c.data.uuid: (c.data.type, c.data.data) for c in clients})

    async def _about(self, device: str) -> dict[str, Any]:
        types = list(self._manager.valid_types)
        client = self._find(device)
        if client is not None:
            return {"types": types, **client.return_data()}
        known = self._records.all().get(device) if self._records else None
        if known is None:
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        return {"types": types, "type": known.type, "data": known.data}

    async def _send(
        self, text: str | None, base64: str | None, device: str | None, kind: str | None
    ) -> dict[str, int]:
        payload = _payload(text, base64)
        try:
            if device is not None:
                if self._manager.send(device, payload) is None:
                    raise ToolError(f"{device} is not connected", kind="not_connected")
                reached = 1
            elif kind is not None:
                if kind not in self._manager.valid_types:
                    raise ToolError(f"no device can be of type {kind!r}", kind="usage")
                reached = self._manager.send_type(kind, payload)
            else:
                reached = self._manager.send_all(payload)
        except ValueError as error:
            raise ToolError(f"cannot be sent: {error}", kind="usage") from None
        return {"reached": reached}

    async def _ask(self, device: str) -> dict[str, Any]:
        client = self._find(device)
        if client is None:
            raise ToolError(f"{device} is not connected", kind="not_connected")
        try:
            await client.aget_data()
        except (ConnectionEnd, InvalidInfo) as error:
            raise ToolError(f"{device}: {error}", kind="not_connected") from None
        return client.return_data()

    async def _forget(self, device: str) -> None:
        if self._records is None:
            raise ToolError("devices are not remembered", kind="no_device")
        self._remember()
        self._records.forget(device)
        self._manager.report.forget(PLATFORM, device)

    def _find(self, device: str) -> Client | None:
        found = (c for c in self._manager.get_clients() if c.data.uuid == device)
        return next(found, None)


def _payload(text: str | None, base64: str | None) -> bytes:
    if (text is None) == (base64 is None):
        raise ToolError("expected one of text and base64", kind="usage")
    if text is not None:
        return text.encode(errors="replace")
    try:
        return b64decode(base64 or "", validate=True)
    except ValueError as error:
        raise ToolError(f"no base64: {error}", kind="usage") from None


def create(context: Context, settings: Settings) -> ManagerPlatform:
    """Make it, not started. Raises ToolError."""
    try:
        manager = AsyncManager(
            settings.types,
            None,
            context.host,
            settings.port,
            heartbeat_rate=settings.heartbeat_rate,
            backlogged_connections=_BACKLOG,
            logging_level=logging.WARNING,
            framing=settings.framing,
            registry=context.registry,
        )
        return ManagerPlatform(manager, Records(context.folder))
    except ValueError as error:
        raise ToolError(f"[manager]: {error}", kind="configuration", code=2) from None
