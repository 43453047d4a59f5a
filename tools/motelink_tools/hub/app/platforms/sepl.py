"""SEPL on the hub."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import accounts
from motelink_tools.hub.app.platform import Call, Context, Stream
from motelink_tools.hub.app.watchers import Watchers
from motelink_tools.hub.sepl.server import PLATFORM, Sepl

DATABASE = "sepl.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """Section ``[sepl]``."""

    port: int = 8093


class SeplPlatform:
    """SEPL, and what the command line can ask of it."""

    name = PLATFORM

    def __init__(self, context: Context, settings: Settings) -> None:
        self._watchers = Watchers()
        self._sepl = Sepl(
            context.folder / DATABASE,
            context.registry,
            context.host,
            settings.port,
            on_event=self._event,
        )

    async def start(self) -> None:
        await self._sepl.__aenter__()

    async def close(self) -> None:
        await self._sepl.__aexit__(None, None, None)

    def addresses(self) -> dict[str, str]:
        return {"websocket": self._sepl.address}

    def calls(self) -> Mapping[str, Call]:
        return {
            "add_user": self._add_user,
            "join": self._join,
            "remove_user": self._remove_user,
            "devices": self._devices,
            "command": self._command,
            "events": self._events,
            "facts": self._facts,
            "about": self._about,
        }

    def streams(self) -> Mapping[str, Stream]:
        return {"watch": self._watch}

    async def _add_user(self, name: str) -> str:
        return self._sepl.records.add_user(name)

    async def _join(self, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """A board's settings; ``known``: those that it got before."""
        if known.get("sepl_user") not in self._sepl.records.users():
            user, password = await accounts.make(name, self._add_user)
            known = {"sepl_user": user, "sepl_password": password, "sepl_device": user}
        where = urlsplit(self._sepl.address)
        return {**known, "sepl_host": where.hostname, "sepl_port": where.port}

    async def _remove_user(self, name: str) -> None:
        self._sepl.remove_user(name)

    async def _devices(self) -> list[dict[str, Any]]:
        online = self._sepl.online()
        return [
            {**asdict(row), "connected": row.connected and row.gid in online}
            for row in self._sepl.records.devices()
        ]

    async def _facts(self) -> dict[str, Any]:
        gateways: dict[str, list[str]] = {}
        for row in self._sepl.records.devices():
            gateways.setdefault(row.gid, []).append(row.name)
        return {gid: {"name": ", ".join(names)} for gid, names in gateways.items()}

    async def _about(self, device: str) -> dict[str, Any]:
        """Of a gateway: its devices."""
        return {"devices": [row for row in await self._devices() if row["gid"] == device]}

    async def _command(self, device: str, service: str, value: Any, timeout: float) -> Any:
        return await self._sepl.command(device, service, value, timeout)

    async def _events(self, device: str, since: float, limit: int) -> list[dict[str, Any]]:
        records = self._sepl.records
        rows = records.events(device, since, limit=limit)
        if not rows and device not in [row.uri for row in records.devices()]:
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        return [asdict(row) for row in rows]

    def _event(self, _gid: str, device: str, service: str, value: Any) -> None:
        self._watchers.tell(
            {"time": time.time(), "device": device, "service": service, "value": value}
        )

    def _watch(self) -> AsyncIterator[Any]:
        return self._watchers.follow()


def create(context: Context, settings: Settings) -> SeplPlatform:
    """Make it, not started. Raises ToolError."""
    return SeplPlatform(context, settings)
