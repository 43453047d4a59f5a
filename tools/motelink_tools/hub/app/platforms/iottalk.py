"""IoTtalk on the hub: its server, and the broker that its devices use."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.iottalk_calls import IottalkCalls
from motelink_tools.hub.app.platform import Call, Context, Stream
from motelink_tools.hub.broker import ExistingBroker, MqttBroker, choose_broker
from motelink_tools.hub.broker.ports import from_elsewhere, from_here
from motelink_tools.hub.csm import Csm
from motelink_tools.hub.csm.server import EXPIRATION_S, HTTP_PORT, PLATFORM

_ACCOUNT = "motelink-hub"
# Whoever may use it can run code here, and any page in a browser can open a WebSocket here.
_NOT_FOR_PAGES = ("iottalk/api/req/#",)


@dataclass(frozen=True, slots=True)
class Settings:
    """Section ``[iottalk]``.

    ``broker``: an existing one, ``mqtt://[user@]host[:port]``, with its password in
    ``password_file`` or $MOTELINK_BROKER_PASSWORD. ``auth``: devices get a user and password of
    their own when they register, and reach their own topics alone.
    """

    port: int = 1883
    ws_port: int = 1884
    http_port: int = HTTP_PORT
    public_host: str = ""
    auth: bool = False
    broker: str = ""
    password_file: Path | None = None
    da_expiration: float = EXPIRATION_S


class IottalkPlatform:
    """A broker, and the server on it."""

    name = PLATFORM

    def __init__(self, context: Context, settings: Settings, broker: MqttBroker) -> None:
        self._context = context
        self._settings = settings
        self._broker = broker
        self._csm: Csm | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        broker, settings, context = self._broker, self._settings, self._context
        await asyncio.to_thread(broker.start)
        self._keeping = asyncio.get_running_loop().create_task(broker.keep())
        account = broker.account
        csm = Csm(
            context.folder / "iottalk.db",
            context.registry,
            from_here(broker.host),
            broker.port,
            ws_port=broker.ws_port,
            account=(account.user, account.password) if account else None,
            http_host=context.host,
            http_port=settings.http_port,
            public_host=settings.public_host or from_elsewhere(broker.host),
            da_expiration=settings.da_expiration,
            grant=broker.grant if settings.auth else None,
            revoke=broker.revoke if settings.auth else None,
        )
        self._csm = await csm.__aenter__()

    async def close(self) -> None:
        if self._csm is not None:
            await self._csm.close()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await asyncio.to_thread(self._broker.close)

    def addresses(self) -> dict[str, str]:
        host = self._settings.public_host or from_elsewhere(self._broker.host)
        port = self._csm.port if self._csm else self._settings.http_port
        found = {
            "registration": f"http://{from_elsewhere(self._context.host)}:{port}",
            "mqtt": f"mqtt://{host}:{self._broker.port}",
        }
        if self._broker.ws_port is not None:
            found["mqtt, websocket"] = f"ws://{host}:{self._broker.ws_port}"
        return found

    def calls(self) -> Mapping[str, Call]:
        return {**IottalkCalls(self._csm).all(), "join": self._join} if self._csm else {}

    def streams(self) -> Mapping[str, Stream]:
        return {}

    async def _join(self, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """A board's settings; it makes its account when it registers."""
        return {**known, "iottalk_url": self.addresses()["registration"], "iottalk_name": name}


def create(context: Context, settings: Settings) -> IottalkPlatform:
    """Make it, not started. Raises ToolError."""
    if not settings.broker:
        broker = choose_broker(
            settings.port,
            account=_ACCOUNT,
            anonymous=not settings.auth,
            folder=context.folder / "iottalk-broker",
            host=context.host,
            ws_port=settings.ws_port,
            ws_deny=_NOT_FOR_PAGES,
            say=context.say,
        )
        return IottalkPlatform(context, settings, broker)
    if settings.auth:
        raise ToolError(
            "[iottalk]: auth needs the hub's own broker: leave out one of auth and broker",
            kind="configuration",
            code=2,
        )
    return IottalkPlatform(
        context, settings, ExistingBroker(settings.broker, settings.password_file)
    )
