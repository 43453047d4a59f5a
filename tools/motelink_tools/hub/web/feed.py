"""What the page shows, kept current from the registry and the platforms.

Viewers get no queue of events: each has the set of what changed since it was last written to, so
one that reads slowly skips to the latest state, and memory is bounded by the number of devices.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import re
import time
from collections.abc import Mapping
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.boards.shelf import Shelf
from motelink_tools.hub.app.platform import Call, Platform
from motelink_tools.hub.registry import Device, Event, Registry
from motelink_tools.hub.web.details import Details, Json, Key
from motelink_tools.hub.web.logs import LogRing
from motelink_tools.hub.web.values import flatten, numbers

# Events that may wait for one turn of the feed, and how much of a message is looked at.
_WAITING_EVENTS = 20_000
_BEGINNING_BYTES = 4096
_TURN_S = 0.1
_FACTS_S = 1.0
_NAME_CHARACTERS = 200  # of what a row has of a device's names
_RATE_S = 8.0  # over which message rates are averaged
_HEAP = {
    "heap_free": ("heap_free", "mem_free", "free_heap"),
    "heap_low": ("heap_low", "heap_min", "heap_free_min"),
}
_LOG = logging.getLogger("motelink.page")


class Viewer:
    """One open page. ``dirty``: the devices that changed since it was written to."""

    def __init__(self, keys: Mapping[Key, object]) -> None:
        self.dirty: dict[Key, None] = dict.fromkeys(keys)
        self.wake = asyncio.Event()
        self.wake.set()

    def take(self) -> list[Key]:
        """What changed; from now on nothing has."""
        keys = list(self.dirty)
        self.dirty.clear()
        return keys


class Feed:
    """``rows``: each device that is known, as the overview shows it, in JSON."""

    def __init__(
        self, registry: Registry, platforms: Mapping[str, Platform], log: LogRing
    ) -> None:
        self.rows: dict[Key, str] = {}
        self.details = Details()
        self.log = log
        self.closing = False
        self.boards: Shelf | None = None
        self._platforms = platforms
        self._registry = registry
        self._facts: dict[Key, Json] = {}
        self._rates: dict[Key, _Rates] = {}
        self._viewers: set[Viewer] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._subscription = registry.subscribe(_WAITING_EVENTS, _BEGINNING_BYTES)

    def serving(self) -> Json:
        """The addresses of each platform."""
        return {name: platform.addresses() for name, platform in tuple(self._platforms.items())}

    def calls(self, name: str) -> Mapping[str, Call]:
        """What can be asked of a platform, or of "boards"; nothing where that is not served."""
        asked = self.boards if name == "boards" else self._platforms.get(name)
        return asked.calls() if asked else {}

    @property
    def dropped(self) -> int:
        """Events that this process was too slow for; the counts in the rows are right."""
        return self._subscription.dropped

    async def start(self, boards: Shelf | None) -> None:
        """Know what there is, and follow."""
        if boards is not None:
            self.boards = boards
            boards.on_change = self._wake
        await self._ask()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._follow()), loop.create_task(self._keep_asking())]

    async def close(self) -> None:
        """End what viewers read, too."""
        self.closing = True
        self._subscription.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._wake()

    @contextlib.contextmanager
    def viewer(self) -> Any:
        """One more, from now on; a context manager."""
        viewer = Viewer(self.rows)
        self._viewers.add(viewer)
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    # -- events ----------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            first = await self._subscription.next()
            changed: dict[Key, None] = {}
            for event in (first, *self._subscription.drain()):
                key = event.platform, event.device_id
                changed[key] = None
                try:
                    self._take(key, event)
                except Exception:
                    _LOG.exception("an event is not shown")
            self._change(changed)
            await asyncio.sleep(_TURN_S)

    def _take(self, key: Key, event: Event) -> None:
        if event.kind in ("connected", "disconnected"):
            text = "connected" if event.kind == "connected" else f"disconnected: {event.reason}"
            self.log.add(event.time, "info", event.platform, text, event.device_id)
            return
        detail = self.details.touch(key)
        if event.kind == "heartbeat":
            detail.add(event.time, {"round trip, ms": (event.rtt_s or 0) * 1000})
            return
        way = "in" if event.kind == "message_in" else "out"
        detail.message(event.time, way, event.size, event.beginning)
        if len(event.beginning) < _BEGINNING_BYTES:
            detail.add(event.time, numbers(event.platform, way, event.beginning))

    def _change(self, keys: Mapping[Key, object]) -> None:
        changed: dict[Key, None] = {}
        for key in keys:
            text = self._row(key)
            if text is None:
                if self.rows.pop(key, None) is not None:
                    changed[key] = None
            elif self.rows.get(key) != text:
                self.rows[key] = text
                changed[key] = None
        for viewer in self._viewers:
            viewer.dirty.update(changed)
        self._wake()

    def _wake(self) -> None:
        for viewer in self._viewers:
            viewer.wake.set()

    # -- rows ------------------------------------------------------------------------------

    def _row(self, key: Key) -> str | None:
        facts = self._facts.get(key)
        device = self._registry.device(*key)
        if device is None:
            if facts is None:
                return None
            device = Device(*key)
        rates = self._rates.get(key)
        kind = str((facts or {}).get("kind", "")) or device.kind
        row = {
            "platform": device.platform,
            "id": device.id,
            "name": (str((facts or {}).get("name", "")) or kind)[:_NAME_CHARACTERS],
            "kind": kind[:_NAME_CHARACTERS],
            "address": device.address,
            "connected": device.connected,
            "reason": device.reason,
            "reconnects": max(0, device.connects - 1),
            "connected_at": device.connected_at,
            "last_seen": device.last_seen or (facts or {}).get("seen", 0.0),
            "messages_in": device.messages_in,
            "messages_out": device.messages_out,
            "bytes_in": device.bytes_in,
            "bytes_out": device.bytes_out,
            "heartbeats": device.heartbeats,
            "rate_in": rates.into if rates else 0,
            "rate_out": rates.out if rates else 0,
            "rtt_ms": None if device.rtt_s is None else round(device.rtt_s * 1000, 2),
            **self._heap(key),
        }
        return json.dumps(row)

    def _heap(self, key: Key) -> Json:
        detail = self.details.get(key)
        found: Json = dict.fromkeys(_HEAP)
        for name, series in detail.series.items() if detail else ():
            for field, names in _HEAP.items():
                if re.split(r"[. ]", name)[-1].removesuffix("-I") in names:
                    found[field] = series.last
        return found

    # -- what platforms know ---------------------------------------------------------------

    async def _keep_asking(self) -> None:
        while True:
            await asyncio.sleep(_FACTS_S)
            try:
                await self._ask()
            except Exception:
                _LOG.exception("platforms were not asked")

    async def _ask(self) -> None:
        facts: dict[Key, Json] = {}
        now = time.time()
        for name, platform in tuple(self._platforms.items()):
            call = platform.calls().get("facts")
            if call is None:
                continue
            try:
                found = await call()
            except ToolError as error:
                _LOG.warning("%s: %s", name, error)
                continue
            for device, fact in found.items():
                facts[name, device] = fact
                data = fact.get("data")  # none of a device that is only remembered
                if (
                    data is not None
                    and self._facts.get((name, device), {}).get("data") is not data
                ):
                    self.details.touch((name, device)).add(now, flatten(data))
        before, self._facts = self._facts, facts
        changed = {key for key, fact in facts.items() if before.get(key) != fact}
        self._change(dict.fromkeys([*(before.keys() - facts.keys()), *changed, *self._rated()]))

    def _rated(self) -> list[Key]:
        """Count anew; the devices whose rate has changed, or that came or went."""
        devices = {(device.platform, device.id): device for device in self._registry.devices()}
        changed = [*(self._rates.keys() - devices.keys())]
        for key in changed:
            del self._rates[key]
        # Those that came and went between two turns.
        changed += self.rows.keys() - devices.keys() - self._facts.keys()
        for key, device in devices.items():
            rates = self._rates.get(key)
            if rates is None:
                rates = self._rates[key] = _Rates(device)
                changed.append(key)
            if rates.turn(device):
                changed.append(key)
        return changed


class _Rates:
    """Messages a second, in and out, averaged over `_RATE_S`."""

    def __init__(self, device: Device) -> None:
        self.into = self.out = 0.0
        self._counts = device.messages_in, device.messages_out
        self._averages = [0.0, 0.0]
        self._time = time.monotonic()

    def turn(self, device: Device) -> bool:
        """Some time has passed. Whether a rate is another one now."""
        before = self.into, self.out
        now = time.monotonic()
        passed = max(now - self._time, 1e-3)
        counts = device.messages_in, device.messages_out
        share = 1 - math.exp(-passed / _RATE_S)
        for place in range(2):
            rate = (counts[place] - self._counts[place]) / passed
            self._averages[place] += share * (rate - self._averages[place])
        self._counts, self._time = counts, now
        self.into, self.out = (round(rate, 1) for rate in self._averages)
        return before != (self.into, self.out)
