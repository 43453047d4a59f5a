"""iot-manager on the hub."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from motelink.manager_wire import DEFAULT_PORT, RAW
from motelink_tools.errors import ToolError
from motelink_tools.hub.app.platform import Call, Context, Stream
from motelink_tools.hub.broker.ports import from_elsewhere
from motelink_tools.hub.manager.connection import PLATFORM
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
    """A Manager that keeps no messages; they show in the registry."""

    name = PLATFORM

    def __init__(self, manager: AsyncManager) -> None:
        self._manager = manager

    async def start(self) -> None:
        await self._manager.start()

    async def close(self) -> None:
        await self._manager.close()

    def addresses(self) -> dict[str, str]:
        host = from_elsewhere(self._manager.host)
        return {f"tcp, {self._manager.framing}": f"{host}:{self._manager.port}"}

    def calls(self) -> Mapping[str, Call]:
        return {}

    def streams(self) -> Mapping[str, Stream]:
        return {}


def create(context: Context, settings: Settings) -> ManagerPlatform:
    """Make it, not started. Raises ToolError."""
    try:
        return ManagerPlatform(
            AsyncManager(
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
        )
    except ValueError as error:
        raise ToolError(f"[manager]: {error}", kind="configuration", code=2) from None
