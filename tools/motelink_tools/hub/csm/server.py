"""The IoTtalk server: the core, with HTTP, MQTT and workers around it."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.csm.admission import Admission, Grant, Revoke
from motelink_tools.hub.csm.core import Core
from motelink_tools.hub.csm.esm.engine import Engine
from motelink_tools.hub.csm.esm.supervisor import Limits
from motelink_tools.hub.csm.http import Api
from motelink_tools.hub.csm.model import GraphKey
from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.uplink import Uplink
from motelink_tools.hub.csm.wire import Json, Publish, control_channels
from motelink_tools.hub.listener import Listener
from motelink_tools.hub.registry import Registry

PLATFORM = "iottalk"
HTTP_PORT = 9992
EXPIRATION_S = 259_200.0
_TICK_S = 1.0
_LOG = logging.getLogger("motelink.csm")


class Csm:
    """``async with Csm(folder / "iottalk.db", registry, host, port) as csm:`` serves until left.

    ``broker_host``, ``broker_port``, ``ws_port`` (MQTT over WebSocket), ``account`` (user and
    password, that may do everything): the broker that serves devices. ``public_host``: where
    devices find it, if that is another name. ``http_port`` 0 takes a free one; `port` says
    which. ``da_expiration``: seconds after which an absent device is deregistered.

    ``grant``: called in a thread with user, password and rules for each device that registers,
    and for those known before (with a `Hashed` password); without it devices log in with no name.
    ``revoke``: called in a thread with the user some seconds after a device was deregistered.
    ``limits``: of the functions' processes. ``clock``: seconds, for expiry.

    Raises ToolError: port taken, broker not reached, database not usable.
    """

    def __init__(
        self,
        database: Path,
        registry: Registry,
        broker_host: str,
        broker_port: int,
        *,
        ws_port: int | None = None,
        account: tuple[str, str] | None = None,
        http_host: str = "127.0.0.1",
        http_port: int = HTTP_PORT,
        public_host: str | None = None,
        scheme: str = "mqtt",
        ws_scheme: str = "ws",
        da_expiration: float = EXPIRATION_S,
        grant: Grant | None = None,
        revoke: Revoke | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.errors: dict[GraphKey, list[Json]] = {}  # what went wrong last in each graph
        self.seen: dict[GraphKey, str] = {}  # last values at each stage, JSON, while watched
        self._registry = registry
        self._broker = broker_host, broker_port
        self._account = account
        self._url: Json = {
            "scheme": scheme,
            "host": public_host or broker_host,
            "port": broker_port,
        }
        if ws_port is not None:
            self._url |= {"ws_scheme": ws_scheme, "ws_port": ws_port}
        self._records = Records(database)
        self.core = Core(self._records, clock, da_expiration)
        self._admission = Admission(self.core, grant, revoke)
        self._engine = Engine(limits or Limits(), self._answered)
        self._listener = Listener("IoTtalk", Api(self._http), http_host, http_port)
        self._uplink: Uplink | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Csm:
        try:
            await self._admission.let_in_known()
            self._uplink = Uplink(*self._broker, self._account, self._message, self._connected)
            await self._uplink.start()
            await self._listener.start()
            self._perform()
            self._ticker = asyncio.create_task(self._tick())
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it. Devices notice nothing until the next command."""
        if self._ticker is not None:
            self._ticker.cancel()
        await self._listener.close()
        await self._admission.close()
        await self._engine.close()
        if self._uplink is not None:
            await self._uplink.close()
        self._records.close()

    @property
    def port(self) -> int:
        """Of the HTTP API."""
        return self._listener.port

    def request(self, key: GraphKey, request: Json) -> Json:
        """An operation on a graph (client, name), as over MQTT; its reply. In our loop only."""
        try:
            return self.core.graph_request(key, request)
        finally:
            self._perform()

    # -- HTTP ------------------------------------------------------------------------------

    async def _http(self, method: str, device: str, body: Any) -> Json:
        try:
            if method == "GET":
                return {"state": "ok", **self.core.get(device).public()}
            if method == "DELETE":
                self.core.delete(device, body)
                return {"id": device, "state": "ok"}
            resource = self.core.put(device, body)
        finally:
            self._perform()
        answer: Json = {
            "id": device,
            "state": "ok",
            "rev": resource.rev,
            "name": resource.name,
        }
        if resource.accept_protos[0].lower() == "mqtt":
            answer["url"] = self._url
            answer["ctrl_chans"] = control_channels(device)
            answer |= await self._admission.let_in(resource)
        return answer

    # -- MQTT ------------------------------------------------------------------------------

    def _connected(self) -> None:
        self.core.reconnected()
        self._perform()

    def _message(self, topic: str, payload: bytes, retained: bool) -> None:
        if not topic.startswith("iottalk/esm/"):
            self.core.message(topic, payload)
            self._perform()
            return
        if retained:
            return  # an old value, which some clients leave on the broker
        device, targets, elements = self.core.data(topic, payload)
        if device:
            self._registry.message_in(
                PLATFORM, device, len(payload), _named(self.core.feature(topic), payload)
            )
        for key, slot in targets:
            self._engine.feed(key, slot, elements)

    # -- workers ---------------------------------------------------------------------------

    def _answered(self, key: GraphKey, answer: Json) -> None:
        graph = self.core.graphs.get(key)
        if graph is None:
            return
        outputs = self.core.outputs(key)
        for number, text in answer["out"]:
            if not 0 <= number < len(outputs):
                continue  # forged by a function
            device, topic = outputs[number]
            self._send(Publish(topic, text))
            message = _named(self.core.feature(topic), text.encode())
            self._registry.message_out(PLATFORM, device, len(text), message)
        errors = answer["errors"]
        if errors:
            self.errors[key] = errors
        if graph.monitor is None:
            return
        if "seen" in answer:
            self.seen[key] = answer["seen"]
            text = f'{{"op": "monitor_info", "data": {answer["seen"]}}}'
            self._send(Publish(graph.monitor, text))
        for error in errors:
            self._send(Publish(graph.monitor, json.dumps({"op": "esm_error", "data": error})))

    # -- inside ----------------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self.core.tick()
                self._perform()
            except ToolError:  # the disk may have room again next time
                _LOG.exception("expiry failed")

    def _send(self, message: Publish) -> None:
        if self._uplink is not None:
            self._uplink.send(message)

    def _perform(self) -> None:
        """Do what the core wants done."""
        effects = self.core.effects.take()
        for message in effects.publish:
            self._send(message)
        for device, here in effects.presence:
            self._present(device, here)
        for device in effects.gone:
            self._admission.let_out(device)
        for key in effects.changed:
            self.errors.pop(key, None)
            self.seen.pop(key, None)
            graph = self.core.graphs.get(key)
            watched = graph is not None and graph.monitor is not None
            self._engine.configure(key, self.core.configuration(key), watched=watched)
        for key in effects.watched:
            graph = self.core.graphs.get(key)
            self._engine.watch(key, watched=graph is not None and graph.monitor is not None)

    def _present(self, device: str, here: bool) -> None:
        if not here:
            self._registry.disconnected(PLATFORM, device, "offline")
            return
        known = self.core.devices.get(device)
        model = str(known.resource.profile["model"]) if known is not None else ""
        self._registry.connected(PLATFORM, device, kind=model)


def _named(feature: str, value: bytes) -> bytes:
    """For people: a value with the name of its feature, as a JSON object."""
    return b"{%s: %s}" % (json.dumps(feature).encode(), value)
