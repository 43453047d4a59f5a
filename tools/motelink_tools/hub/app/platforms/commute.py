"""IoT Commute on the hub."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import accounts
from motelink_tools.hub.app.platform import Call, Context, Stream
from motelink_tools.hub.app.watchers import Watchers
from motelink_tools.hub.commute.server import PLATFORM, Commute

DATABASE = "commute.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """Section ``[commute]``."""

    port: int = 8094


class CommutePlatform:
    """IoT Commute, and what the command line can ask of it."""

    name = PLATFORM

    def __init__(self, context: Context, settings: Settings) -> None:
        self._watchers = Watchers()
        self._commute = Commute(
            context.folder / DATABASE,
            context.registry,
            context.host,
            settings.port,
            on_tick=self._tick,
        )

    async def start(self) -> None:
        await self._commute.__aenter__()

    async def close(self) -> None:
        await self._commute.__aexit__(None, None, None)

    def addresses(self) -> dict[str, str]:
        return {"websocket root": self._commute.address}

    def calls(self) -> Mapping[str, Call]:
        return {
            "add": self._add,
            "join": self._join,
            "remove": self._remove,
            "devices": self._devices,
            "send": self._send,
            "states": self._states_of,
            "facts": self._facts,
            "about": self._about,
        }

    def streams(self) -> Mapping[str, Stream]:
        return {"watch": self._watch}

    async def _add(self, device: str) -> str:
        return self._commute.records.add(device)

    async def _join(self, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """A board's settings; ``known``: those that it got before."""
        if known.get("commute_device") not in self._commute.records.devices():
            device, key = await accounts.make(name, self._add)
            known = {"commute_device": device, "commute_key": key}
        return {**known, "commute_root": self._commute.address}

    async def _remove(self, device: str) -> None:
        self._commute.remove(device)

    async def _devices(self) -> list[dict[str, Any]]:
        online = self._commute.online()
        return [
            {"id": name, "connected": name in online} for name in self._commute.records.devices()
        ]

    async def _facts(self) -> dict[str, Any]:
        return {name: {} for name in self._commute.records.devices()}

    async def _about(self, device: str) -> dict[str, Any]:
        return {"states": await self._states(device)}

    async def _send(self, device: str, status: Any) -> int:
        return self._commute.send(device, status)

    async def _states_of(self, device: str) -> list[dict[str, Any]]:
        if device not in self._commute.records.devices():
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        return await self._states(device)

    async def _states(self, device: str) -> list[dict[str, Any]]:
        return [
            {"time": moment, "status": status}
            for status, moment in self._commute.records.states(device)
        ]

    def _tick(self, device: str, side: str, status: Any) -> None:
        self._watchers.tell(
            {"time": time.time(), "device": device, "side": side, "status": status}
        )

    def _watch(self) -> AsyncIterator[Any]:
        return self._watchers.follow()


def create(context: Context, settings: Settings) -> CommutePlatform:
    """Make it, not started. Raises ToolError."""
    return CommutePlatform(context, settings)
