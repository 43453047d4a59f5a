"""The server without sockets: requests and messages in, effects out. Not for several threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from motelink_tools.hub.csm.channels import Channels
from motelink_tools.hub.csm.devices import Devices
from motelink_tools.hub.csm.effects import Effects
from motelink_tools.hub.csm.functions import Functions
from motelink_tools.hub.csm.graphs import Graphs
from motelink_tools.hub.csm.model import GraphKey, Link, Resource
from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.registration import dimension
from motelink_tools.hub.csm.wire import (
    MESSAGE_BYTES,
    HttpError,
    Json,
    Publish,
    RequestError,
    is_uuid,
    parse_object,
)
from motelink_tools.hub.strict_json import parse_json

_STATES = ("online", "offline", "broken")
_NAME_CHARACTERS = 128


class Core:
    """``clock``: seconds, for expiry. Call `tick` every second or so, and do what `effects` has
    after every call. ``dropped``: values of features that were no JSON or too large."""

    def __init__(self, records: Records, clock: Callable[[], float], expiration: float) -> None:
        self.effects = Effects()
        self.dropped = 0
        self._records = records
        self.devices = Devices(records, self.effects, clock, expiration)
        self.channels = Channels(records, self.effects)
        self.functions = Functions(records)
        self.graphs = Graphs(records, self.effects, self.devices, self.channels, self.functions)

    # -- HTTP ------------------------------------------------------------------------------

    def put(self, device: str, body: Any) -> Resource:
        """Register. Raises HttpError."""
        resource, new = self.devices.register(device, body)
        if new:  # its features may have other dimensions than before
            self.effects.changed.update(dict.fromkeys(self.graphs.of_device(device)))
        return resource

    def get(self, device: str) -> Resource:
        """What is known of it. Raises HttpError."""
        known = self.devices.get(device)
        if known is None:
            raise HttpError(404, "id not found")
        return known.resource

    def delete(self, device: str, body: Any) -> None:
        """Deregister; ``body`` has the revision. Raises HttpError."""
        self.get(device)
        self.devices.deregister(device, body.get("rev") if isinstance(body, dict) else None)

    def keep_password(self, device: str, hashed: str) -> None:
        """Record with what it logs in to the broker, to be granted again after a restart."""
        known = self.devices.get(device)
        if known is not None:
            known.resource.password = hashed
            self._records.save_device(known.resource)

    def tick(self) -> None:
        """Time has passed."""
        self.devices.tick()

    # -- MQTT ------------------------------------------------------------------------------

    def message(self, topic: str, payload: bytes) -> None:
        """A message of a control channel or of the API. What is no JSON object is ignored."""
        levels = topic.split("/")
        request = parse_object(payload) if len(payload) <= MESSAGE_BYTES else None
        if request is None:
            return
        match levels:
            case [device, "ctrl", "i"]:
                self._control(device, request)
            case ["iottalk", "api", "req", client, "device"]:
                reply = _replied(request, lambda: self._device_api(client, request))
                self._respond(topic, reply)
            case ["iottalk", "api", "req", client, "graph", graph]:
                self._respond(topic, self.graph_request((client, graph), request))

    def graph_request(self, key: GraphKey, request: Json) -> Json:
        """One operation of the graph API; its reply."""
        return _replied(request, lambda: self._graph_api(key, request))

    def reconnected(self) -> None:
        """Whatever was sent while the broker was away is lost."""
        for device in self.devices.all():
            if device.state == "online":
                self.channels.reconnect(device.resource.id)

    def data(
        self, topic: str, payload: bytes
    ) -> tuple[str, list[tuple[GraphKey, int]], list[Any]]:
        """A value: the device, the graphs that take it, with its place among their idfs, and its
        elements. A bare value is one element."""
        channel = self.channels.by_topic(topic)
        if channel is None:
            return "", [], []
        device = channel.key[0]
        try:
            if len(payload) > MESSAGE_BYTES:
                raise ValueError("too large")
            value = parse_json(payload)
        except ValueError:
            self.dropped += 1
            return device, [], []
        targets = []
        for key in channel.graphs:
            graph = self.graphs.get(key)
            if graph is not None:
                keys = [link.key for link in graph.linked("idf")]
                targets.append((key, keys.index(channel.key)))
        return device, targets, value if isinstance(value, list) else [value]

    def feature(self, topic: str) -> str:
        """Whose values go over this topic; "" if nobody's."""
        channel = self.channels.by_topic(topic)
        return channel.key[2] if channel else ""

    # -- workers ---------------------------------------------------------------------------

    def configuration(self, key: GraphKey) -> Json | None:
        """What the worker of this graph is told; None if it has nothing to do."""
        graph = self.graphs.get(key)
        if graph is None or not graph.linked("idf"):
            return None
        return {
            "idfs": [self._stage(link) for link in graph.linked("idf")],
            "join": {"func": graph.join_func, "depends": graph.join_depends},
            "odfs": [self._stage(link) for link in graph.linked("odf")],
            "codes": self.functions.codes(graph.digests()),
        }

    def outputs(self, key: GraphKey) -> list[tuple[str, str]]:
        """Device and topic of each odf."""
        graph = self.graphs.get(key)
        links = graph.linked("odf") if graph else []
        return [(link.device, self.channels.topic(link.key)) for link in links]

    # -- inside ----------------------------------------------------------------------------

    def _stage(self, link: Link) -> Json:
        settings = link.settings()
        if link.param_no is None:
            known = self.devices.get(link.device)
            units = dimension(known.resource.features(link.kind), link.feature) if known else None
            settings["param_no"] = units or None
        return {"id": [link.device, link.feature], **settings}

    def _control(self, device: str, message: Json) -> None:
        if not is_uuid(device):
            return
        if message.get("state") in _STATES:
            if self.devices.state(device, message):
                self.channels.reconnect(device)
        elif "msg_id" in message:
            self.channels.answered(device, message)

    def _respond(self, topic: str, reply: Json) -> None:
        response = topic.replace("/req/", "/res/", 1)
        self.effects.publish.append(Publish(response, json.dumps(reply)))

    def _device_api(self, client: str, request: Json) -> Json:
        op = request.get("op")
        if op == "attach":
            return {"op": op, "state": "ok", "da_list": self.devices.watch(client)}
        if op == "detach":
            self.devices.unwatch(client)
            return {"op": op, "state": "ok"}
        raise RequestError(f"unknown op: {op}" if "op" in request else "op is missing")

    def _graph_api(self, key: GraphKey, request: Json) -> Json:
        if any(len(name) > _NAME_CHARACTERS for name in key):
            raise RequestError(f"names longer than {_NAME_CHARACTERS} characters")
        return self.graphs.request(key, request)


def _replied(request: Json, run: Callable[[], Json]) -> Json:
    try:
        return run()
    except RequestError as error:
        return {**request, "state": "error", "reason": str(error)}
