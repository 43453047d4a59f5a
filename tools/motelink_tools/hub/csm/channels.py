"""Features that are linked: the topic of each, the graphs that use it, its commands."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from motelink_tools.hub.csm.effects import Effects
from motelink_tools.hub.csm.model import FeatureKey, GraphKey
from motelink_tools.hub.csm.records import Records
from motelink_tools.hub.csm.wire import Json, Publish, control_channels, data_topic


@dataclass(slots=True)
class Channel:
    """``answer``: what the device said to the last command: "", "ok", or the reason against."""

    key: FeatureKey
    topic: str
    graphs: set[GraphKey] = field(default_factory=set)
    msg_id: str = ""
    answer: str = ""


class Channels:
    """Shared by all graphs: a device is told CONNECT by the first, DISCONNECT by the last."""

    def __init__(self, records: Records, effects: Effects) -> None:
        self._records = records
        self._effects = effects
        self._topics: dict[str, Channel] = {}
        self._devices: dict[str, dict[FeatureKey, Channel]] = {}
        for key, topic in records.channels().items():
            self._put(Channel(key, topic))

    def restore(self, key: FeatureKey, graph: GraphKey) -> None:
        """A graph that came from the records uses it."""
        self._use(key, graph)

    def forget_unused(self) -> None:
        """Once all graphs are restored."""
        for channel in list(self._topics.values()):
            if not channel.graphs:
                self._remove(channel)

    def link(self, key: FeatureKey, graph: GraphKey) -> None:
        """One more graph uses this feature."""
        if self._use(key, graph):
            self._command("CONNECT", self._devices[key[0]][key])

    def release(self, key: FeatureKey, graph: GraphKey) -> None:
        """A graph does not use it any more."""
        channel = self._devices[key[0]][key]
        channel.graphs.discard(graph)
        if not channel.graphs:
            self._command("DISCONNECT", channel)
            self._remove(channel)

    def reconnect(self, device: str) -> None:
        """Tell a device that came (again) all its topics."""
        for channel in self._devices.get(device, {}).values():
            self._command("CONNECT", channel)

    def answered(self, device: str, message: Json) -> None:
        """Record a response. Nothing waits for it."""
        for channel in self._devices.get(device, {}).values():
            if channel.msg_id == message.get("msg_id"):
                good = message.get("state") == "ok"
                channel.answer = "ok" if good else str(message.get("reason", "error"))[:200]

    def by_topic(self, topic: str) -> Channel | None:
        """Whose topic this is."""
        return self._topics.get(topic)

    def topic(self, key: FeatureKey) -> str:
        """Where the values of a linked feature go."""
        return self._devices[key[0]][key].topic

    def of_device(self, device: str) -> Iterator[Channel]:
        """All that are linked."""
        yield from self._devices.get(device, {}).values()

    def _use(self, key: FeatureKey, graph: GraphKey) -> bool:
        channel = self._devices.get(key[0], {}).get(key)
        if channel is None:
            device, kind, _feature = key
            channel = Channel(key, data_topic(device, secrets.token_hex(8), kind))
            self._put(channel)
            self._records.save_channel(key, channel.topic)
        channel.graphs.add(graph)
        return len(channel.graphs) == 1

    def _put(self, channel: Channel) -> None:
        self._topics[channel.topic] = channel
        self._devices.setdefault(channel.key[0], {})[channel.key] = channel

    def _remove(self, channel: Channel) -> None:
        del self._topics[channel.topic]
        device = channel.key[0]
        del self._devices[device][channel.key]
        if not self._devices[device]:
            del self._devices[device]
        self._records.remove_channel(channel.key)

    def _command(self, command: str, channel: Channel) -> None:
        device, kind, feature = channel.key
        channel.msg_id, channel.answer = str(uuid.uuid4()), ""
        message = {
            "msg_id": channel.msg_id,
            "command": command,
            kind: feature,
            "topic": channel.topic,
        }
        _, down = control_channels(device)
        self._effects.publish.append(Publish(down, json.dumps(message)))
