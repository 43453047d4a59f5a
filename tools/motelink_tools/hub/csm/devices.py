"""Devices: registration, whether they are there, expiry, and who wants to hear of it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from motelink_tools.hub.csm.effects import Effects
from motelink_tools.hub.csm.model import Resource
from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.registration import check, check_new
from motelink_tools.hub.csm.wire import (
    DEVICES,
    HttpError,
    Json,
    Publish,
    RequestError,
    control_channels,
)

State = Literal["nothing", "online", "offline"]
_WATCHERS = 256


@dataclass(slots=True)
class Device:
    """``state``: "nothing" until it has said something since it registered or we started."""

    resource: Resource
    state: State = "nothing"


class Devices:
    """All devices. ``clock``: seconds, never set back, for expiry after ``expiration`` seconds
    of registration or of the last "offline"."""

    def __init__(
        self, records: Records, effects: Effects, clock: Callable[[], float], expiration: float
    ) -> None:
        self._records = records
        self._effects = effects
        self._clock = clock
        self._expiration = expiration
        self._all = {found.id: Device(found) for found in records.devices()}
        # The same time for all: the order of the dict is the order of expiry.
        self._deadlines: dict[str, float] = {}
        self._watchers: set[str] = set()
        for device in self._all:
            self._expire_later(device)

    def get(self, device: str) -> Device | None:
        """One of them."""
        return self._all.get(device)

    def all(self) -> list[Device]:
        """All of them, oldest first."""
        return list(self._all.values())

    # -- HTTP ------------------------------------------------------------------------------

    def register(self, device: str, body: Any) -> tuple[Resource, bool]:
        """A PUT: the record, and whether it is new. Raises HttpError."""
        registration = check(body)
        known = self._all.get(device)
        resource = known.resource if known else None
        if resource is None:
            check_new(registration)
            if len(self._all) >= DEVICES:
                raise HttpError(503, f"more than {DEVICES} devices")
            resource = Resource(
                id=device,
                rev="",
                name=registration.name or self._free_name(registration.profile["model"]),
                register_time=time.time(),
                accept_protos=registration.accept_protos,
                idf_list=registration.idf_list,
                odf_list=registration.odf_list,
                profile=registration.profile,
            )
        resource.rev = str(uuid.uuid4())
        self._records.save_device(resource)
        if known is not None:
            self._leave(known)
            known.state = "nothing"
        else:
            self._all[device] = Device(resource)
        self._expire_later(device)
        self._announce("register", device)
        return resource, known is None

    def deregister(self, device: str, rev: Any) -> None:
        """A DELETE. Raises HttpError."""
        known = self._all.get(device)
        if known is None:
            raise HttpError(404, "id not found")
        if rev != known.resource.rev:
            raise HttpError(400, "the revision is missing or stale")
        self._leave(known)
        self._deadlines.pop(device, None)
        del self._all[device]
        self._records.remove_device(device)
        self._effects.gone.append(device)
        # Its last state would stay on the broker for ever.
        self._effects.publish.append(Publish(control_channels(device)[0], "", retain=True))
        self._announce("deregister", device)

    # -- control channel -------------------------------------------------------------------

    def state(self, device: str, message: Json) -> bool:
        """A state message; whether it says that the device is there. Stale ones are dropped."""
        known = self._all.get(device)
        if known is None or message.get("rev") != known.resource.rev:
            return False
        if message["state"] == "online":
            self._deadlines.pop(device, None)
            if known.state != "online":
                known.state = "online"
                self._effects.presence.append((device, True))
                self._announce("online", device)
            return True
        if known.state != "offline":
            self._leave(known)
            known.state = "offline"
            self._expire_later(device)
            self._announce("offline", device)
        return False

    def tick(self) -> None:
        """Deregister those that have been away for too long."""
        now = self._clock()
        while self._deadlines:
            device, deadline = next(iter(self._deadlines.items()))
            if deadline > now:
                return
            self.deregister(device, self._all[device].resource.rev)

    # -- device API ------------------------------------------------------------------------

    def watch(self, client: str) -> Json:
        """From now on this client hears announcements; what there is already."""
        if client not in self._watchers and len(self._watchers) >= _WATCHERS:
            raise RequestError(f"more than {_WATCHERS} clients watch the devices")
        self._watchers.add(client)
        return {
            name: {**device.resource.public(), "state": device.state}
            for name, device in self._all.items()
        }

    def unwatch(self, client: str) -> None:
        """It hears no more."""
        self._watchers.discard(client)

    # -- inside ----------------------------------------------------------------------------

    def _free_name(self, model: Any) -> str:
        taken = {device.resource.name for device in self._all.values()}
        for number in range(100):
            name = f"{number:02}.{model}"
            if name not in taken:
                return name
        raise HttpError(510, "Name pool is full")

    def _leave(self, device: Device) -> None:
        if device.state == "online":
            self._effects.presence.append((device.resource.id, False))

    def _expire_later(self, device: str) -> None:
        self._deadlines.pop(device, None)
        self._deadlines[device] = self._clock() + self._expiration

    def _announce(self, event: str, device: str) -> None:
        if not self._watchers:
            return
        known = self._all.get(device)
        about: Any = device
        if event == "register" and known is not None:
            about = {**known.resource.public(), "state": known.state}
        message = {"op": "anno", "type": event, "timestamp": str(uuid.uuid1()), "da": about}
        for client in self._watchers:
            topic = f"iottalk/api/res/{client}/device"
            self._effects.publish.append(Publish(topic, json.dumps(message)))
