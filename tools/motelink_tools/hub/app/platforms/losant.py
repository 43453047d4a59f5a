"""Losant on the hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import accounts
from motelink_tools.hub.app.platform import Call, Context, Stream
from motelink_tools.hub.broker import choose_broker
from motelink_tools.hub.broker.ports import free_port, from_elsewhere
from motelink_tools.hub.losant.server import BROKER_OPTIONS, PLATFORM, Losant
from motelink_tools.hub.registry import Registry

_ACCOUNT = "motelink-hub"
# Of states that the page is given at once, in characters of JSON.
_ROOM = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Section ``[losant]``. With ``certificate`` and ``key`` (PEM) there is a TLS port, too."""

    port: int = 1885
    ws_port: int = 1886
    tls_port: int = 8883
    certificate: Path | None = None
    key: Path | None = None
    keep_days: float = 30


class LosantPlatform:
    """Losant, and what the command line can ask of it."""

    name = PLATFORM

    def __init__(
        self, losant: Losant, registry: Registry, host: str, tls_port: int | None
    ) -> None:
        self._losant = losant
        self._registry = registry
        self._host = from_elsewhere(host)
        self._tls_port = tls_port

    async def start(self) -> None:
        await self._losant.start()

    async def close(self) -> None:
        await self._losant.close()

    def addresses(self) -> dict[str, str]:
        broker = self._losant.broker
        found = {"mqtt": f"mqtt://{self._host}:{broker.port}"}
        if self._tls_port is not None:
            found["mqtt, tls"] = f"mqtts://{self._host}:{self._tls_port}"
        if broker.ws_port is not None:
            found["mqtt, websocket"] = f"ws://{self._host}:{broker.ws_port}"
        return found

    def calls(self) -> Mapping[str, Call]:
        return {
            "add": self._add,
            "join": self._join,
            "remove": self._remove,
            "command": self._command,
            "connected": self._connected,
            "facts": self._facts,
            "about": self._about,
            "states": self._states,
        }

    def streams(self) -> Mapping[str, Stream]:
        return {"watch": self._watch}

    async def _add(self, name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
        device, secret = await self._losant.add(name, attributes)
        return {**asdict(device), "secret": secret}

    async def _join(self, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """A board's settings; ``known``: those that it got before."""
        there = {device.id for device in self._losant.records.devices()}
        if known.get("losant_device") not in there:
            _, made = await accounts.make(name, lambda free: self._add(free, {}))
            known = {
                "losant_device": made["id"],
                "losant_key": made["key"],
                "losant_secret": made["secret"],
            }
        port = self._losant.broker.port
        where = {"losant_host": self._host, "losant_port": port, "losant_secure": False}
        return {**known, **where}

    async def _remove(self, device: str) -> dict[str, str]:
        gone = await self._losant.remove(device)
        return {"id": gone.id, "name": gone.name}

    async def _command(self, device: str, name: str, payload: Any) -> dict[str, str]:
        reached = await self._losant.command(device, name, payload)
        return {"id": reached.id, "name": reached.name}

    async def _connected(self) -> list[str]:
        return [d.id for d in self._registry.devices() if d.platform == PLATFORM and d.connected]

    async def _facts(self) -> dict[str, Any]:
        return {known.id: {"name": known.name} for known in self._losant.records.devices()}

    async def _about(self, device: str) -> dict[str, Any]:
        known = self._losant.records.find(device)
        states = self._losant.records.states(known.id, limit=1)
        return {
            "name": known.name,
            "attributes": known.attributes,
            "last": {"time": states[0].time, "data": states[0].data} if states else None,
            "refused": self._losant.refused.get(known.id, 0),
        }

    async def _states(
        self, device: str, since: int | None, until: int | None, limit: int | None
    ) -> list[dict[str, Any]]:
        """Milliseconds since 1970."""
        known = self._losant.records.find(device)
        read = self._losant.records.states
        found = await asyncio.to_thread(read, known.id, since, until, limit, _ROOM)
        return [{"time": state.time, "data": state.data} for state in found]

    async def _watch(self, device: str | None) -> AsyncIterator[dict[str, Any] | None]:
        """None, once it watches; then each state as it arrives, of one device or of all."""
        records = self._losant.records
        wanted = records.find(device).id if device is not None else None
        last = records.last_number()
        with self._registry.subscribe() as events:
            yield None
            while True:
                names = {known.id: known.name for known in records.devices()}
                for state in records.states_after(last):
                    last = state.number
                    if wanted in (None, state.device):
                        name = names.get(state.device, "")
                        yield {
                            "id": state.device,
                            "name": name,
                            "time": state.time,
                            "data": state.data,
                        }
                while (await events.next()).platform != PLATFORM:
                    pass


def create(context: Context, settings: Settings) -> LosantPlatform:
    """Make it, not started. Raises ToolError."""
    options = list(BROKER_OPTIONS)
    tls_port = None
    if settings.certificate is not None:
        if settings.key is None:
            raise ToolError(
                "[losant]: a certificate needs its key: key = 'FILE'", kind="configuration", code=2
            )
        tls_port = settings.tls_port or free_port(context.host)
        options += [
            f"listener {tls_port} {context.host}",
            f"certfile {settings.certificate.absolute()}",
            f"keyfile {settings.key.absolute()}",
        ]
    broker = choose_broker(
        settings.port,
        options=options,
        host=context.host,
        ws_port=settings.ws_port,
        anonymous=False,
        account=_ACCOUNT,
        folder=context.folder / "losant-broker",
        say=context.say,
    )
    losant = Losant(
        context.folder, broker, context.registry, say=context.say, keep_days=settings.keep_days
    )
    return LosantPlatform(losant, context.registry, context.host, tls_port)
