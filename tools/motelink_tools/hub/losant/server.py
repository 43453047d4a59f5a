"""The local Losant: guards a broker of its own, stores states, sends commands."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiomqtt

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import MqttBroker
from motelink_tools.hub.broker.ports import from_here
from motelink_tools.hub.losant import sessions
from motelink_tools.hub.losant.records import FILE_NAME, MIGRATIONS, Device, Records
from motelink_tools.hub.losant.throttle import Throttle
from motelink_tools.hub.losant.wire import PAYLOAD_BYTES, State, decode_state, encode_command
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.store import Database

PLATFORM = "losant"

# What its broker needs: no retained messages, and no packet beyond a full payload at QoS 1.
# (QoS 2 is seen to here: mosquitto 2.0 forgets max_qos when it reads its users again.)
_PACKET_BYTES = PAYLOAD_BYTES + 64
BROKER_OPTIONS = ("retain_available false", f"max_packet_size {_PACKET_BYTES}")

_CLIENT_ID = "motelink-hub-losant"
_START_S = 10.0
_RETRY_S = 0.2
_DAY_S = 86_400
_PRUNE_S = 3600.0

_LOG = logging.getLogger("motelink.losant")

Say = Callable[[str], None]


class Losant:
    """Losant's MQTT side for the devices in ``folder``/losant.db.

    ``broker``: one for it alone, with `BROKER_OPTIONS`, not started; it is started and closed
    with the platform. ``keep_days``: how long states are kept, 0: for ever. ``say`` is told what
    a person should know. Used in one asyncio loop.
    """

    name = PLATFORM

    def __init__(
        self,
        folder: Path,
        broker: MqttBroker,
        registry: Registry,
        *,
        say: Say,
        keep_days: float = 30,
        wall: Callable[[], float] = time.time,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.broker = broker
        self.refused: dict[str, int] = {}  # messages that were no state, by device id
        self._path = folder / FILE_NAME
        self._database: Database | None = None
        self._registry = registry
        self._say = say
        self._keep_days = keep_days
        self._wall = wall
        self._now = now
        self._devices: dict[str, Device] = {}
        self._throttles: dict[str, Throttle] = {}
        self._connected: dict[str, str] = {}  # device id: address
        self._tasks: list[asyncio.Task[None]] = []
        self._client: aiomqtt.Client | None = None
        self._listens = asyncio.Event()

    # -- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the database, start the broker, listen. Raises ToolError."""
        self._database = database = Database(self._path, MIGRATIONS)
        self.records = Records(database)
        for device in self.records.devices():
            self._enter(device)
        await asyncio.to_thread(self.broker.start)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(work) for work in (self.broker.keep(), self._serve(), self._prune())
        ]
        try:
            await asyncio.wait_for(self._listens.wait(), _START_S)
        except TimeoutError:
            raise ToolError("Losant's broker does not answer", kind="broker_failed") from None

    async def close(self) -> None:
        """End every connection, and the broker. May be called after a failed start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end_all("the hub closes")
        await asyncio.to_thread(self.broker.close)
        if self._database is not None:
            self._database.close()

    # -- what people ask for ---------------------------------------------------------------

    async def add(self, name: str, attributes: Mapping[str, str]) -> tuple[Device, str]:
        """A new device, let in from now on, and its secret. Raises ToolError."""
        device, secret = self.records.add(name, attributes)
        await asyncio.to_thread(self._enter, device)
        return device, secret

    async def remove(self, name_or_id: str) -> Device:
        """Forget a device and its states, and end its connection. Raises ToolError."""
        device = self.records.remove(name_or_id)
        self._devices.pop(device.id, None)
        self._throttles.pop(device.id, None)
        await asyncio.to_thread(self.broker.revoke, device.key)
        self._registry.forget(PLATFORM, device.id)
        return device

    async def command(self, name_or_id: str, name: str, payload: Any) -> Device:
        """Send a command. Raises ToolError if the device is not there to get it."""
        device = self.records.find(name_or_id)
        if device.id not in self._connected:
            raise ToolError(
                f"{device.name} is not connected, and Losant keeps no commands for later",
                kind="not_connected",
            )
        if self._client is None:
            raise ToolError("Losant's broker is starting again", kind="not_connected")
        try:
            message = encode_command(name, payload, round(self._wall() * 1000))
        except ValueError as error:
            raise ToolError(f"the command is too long: {error}", kind="usage") from None
        try:
            await self._client.publish(f"losant/{device.id}/command", message)
        except aiomqtt.MqttError as error:
            raise ToolError(f"Losant's broker: {error}", kind="not_connected") from None
        self._registry.message_out(PLATFORM, device.id, len(message), message)
        return device

    def connected(self, device_id: str) -> str | None:
        """The address of a device that is connected, or None."""
        return self._connected.get(device_id)

    # -- listening -------------------------------------------------------------------------

    def _enter(self, device: Device) -> None:
        self._devices[device.id] = device
        rules = (
            f"topic write losant/{device.id}/state",
            f"topic read losant/{device.id}/command",
        )
        self.broker.grant(device.key, device.secret, rules)

    async def _serve(self) -> None:
        while True:
            try:
                async with self._log_in(_CLIENT_ID) as client:
                    # Granted in full, it shows who publishes with QoS 2.
                    qos = 2 if self.broker.lowers_qos else 1
                    await client.subscribe([("losant/+/state", qos), (sessions.TOPIC, 0)])
                    self._client = client
                    self._listens.set()
                    async for message in client.messages:
                        await self._receive(message)
            except aiomqtt.MqttError:
                self._end_all("the broker ended")
            except Exception:
                _LOG.exception("losant: a fault; listening anew")
            finally:
                self._client = None
            await asyncio.sleep(_RETRY_S)

    def _log_in(self, client_id: str) -> aiomqtt.Client:
        account = self.broker.account
        return aiomqtt.Client(
            from_here(self.broker.host),
            self.broker.port,
            identifier=client_id,
            username=account.user if account else None,
            password=account.password if account else None,
        )

    async def _receive(self, message: aiomqtt.Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        words = message.topic.value.split("/")
        if words[0] == "$SYS":
            await self._session(sessions.parse(payload.decode(errors="replace")))
        elif (device := self._devices.get(words[1])) is not None:
            if reason := self._limit(device, message.qos):
                await self._end(device.id, reason)
            else:
                self._state(device, payload)

    def _limit(self, device: Device, qos: int) -> str:
        """The limit of Losant's that a message exceeds, if any."""
        if qos == 2:
            return "it published with QoS 2, which Losant does not have"
        throttle = self._throttles.setdefault(device.id, Throttle())
        now = self._now()
        if throttle.allows(now):
            return ""
        return (
            "it sent more than 30 messages in 15 s on a topic; it is kept out for"
            f" {throttle.banned_s(now):.0f} s"
        )

    def _state(self, device: Device, payload: bytes) -> None:
        arrived = round(self._wall() * 1000)
        try:
            state = decode_state(payload)
        except ValueError as error:
            self.refused[device.id] = self.refused.get(device.id, 0) + 1
            self._say(f"losant: {device.name}: refused a message on state: {error}")
            return
        moment = arrived if state.time is None else state.time
        try:
            self.records.store(device.id, moment, arrived, self._fitting(device, state))
        except ToolError as error:
            self._say(f"losant: {device.name}: lost a state: {error}")
        if device.id not in self._connected:  # a broker that does not tell who connects
            self._begin(device, "")
        self._registry.message_in(PLATFORM, device.id, len(payload), payload)

    def _fitting(self, device: Device, state: State) -> dict[str, Any]:
        wrong = device.why_not(state.data)
        for name, reason in wrong.items():
            self._say(f"losant: {device.name}: left out an attribute: {name!r} {reason}")
        return {name: value for name, value in state.data.items() if name not in wrong}

    # -- connections -----------------------------------------------------------------------

    async def _session(
        self, change: sessions.Opened | sessions.Closed | sessions.Refused | None
    ) -> None:
        if isinstance(change, sessions.Refused):
            self._say("losant: refused a client: wrong access key or secret")
        elif isinstance(change, sessions.Closed):
            self._ended(change.client_id, change.reason)
        elif isinstance(change, sessions.Opened) and change.user != self._own_user():
            device = self._devices.get(change.client_id)
            if device is None or (reason := self._refusal(device, change)):
                expected = next((d.id for d in self._devices.values() if d.key == change.user), "")
                reason = reason if device else f"its client id is not its device id, {expected}"
                await self._end(change.client_id, reason)
            else:
                self._begin(device, change.address)

    def _own_user(self) -> str:
        return self.broker.account.user if self.broker.account else ""

    def _refusal(self, device: Device, opened: sessions.Opened) -> str:
        throttle = self._throttles.get(device.id)
        banned_s = throttle.banned_s(self._now()) if throttle else 0.0
        if opened.user != device.key:
            return "its access key is another device's"
        if not opened.clean:
            return "it asked for CleanSession 0, which Losant does not have"
        if not opened.mqtt_3_1_1:
            return "it does not speak MQTT 3.1.1"
        return f"it is kept out for {banned_s:.0f} s more" if banned_s else ""

    def _begin(self, device: Device, address: str) -> None:
        self._connected[device.id] = address
        self._registry.connected(PLATFORM, device.id, kind=device.name, address=address)

    def _ended(self, device_id: str, reason: str) -> None:
        if self._connected.pop(device_id, None) is not None:
            self._registry.disconnected(PLATFORM, device_id, reason)

    def _end_all(self, reason: str) -> None:
        for device_id in tuple(self._connected):
            self._ended(device_id, reason)

    async def _end(self, client_id: str, reason: str) -> None:
        """End a connection, as MQTT lets one: by taking its client id over for a moment."""
        device = self._devices.get(client_id)
        who = device.name if device else f"client {client_id!r}"
        self._say(f"losant: ended the connection of {who}: {reason}")
        self._ended(client_id, reason)
        async with self._log_in(client_id):
            pass

    async def _prune(self) -> None:
        while self._keep_days:
            oldest = self._wall() - self._keep_days * _DAY_S
            try:
                self.records.forget_before(round(oldest * 1000))
            except ToolError as error:
                self._say(f"losant: old states stay: {error}")
            await asyncio.sleep(_PRUNE_S)
