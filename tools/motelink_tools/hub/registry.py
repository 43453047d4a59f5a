"""Who is connected, on any platform: one registry of devices and one bus of events.

Platforms write, from any thread; stores, pages and command lines read, from any thread or
asyncio loop. Everything is bounded: a subscriber that does not keep up loses its oldest events,
with a count, and beyond ``capacity`` devices those longest disconnected are forgotten.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal

Bytes = bytes | bytearray | memoryview
EventKind = Literal["connected", "disconnected", "heartbeat", "message_in", "message_out"]


@dataclass(slots=True)
class Device:
    """What is known of one device on one platform. Times are seconds since 1970."""

    platform: str
    id: str
    kind: str = ""
    address: str = ""
    connected: bool = False
    reason: str = ""  # why it last disconnected
    connects: int = 0
    connected_at: float = 0.0
    last_seen: float = 0.0
    messages_in: int = 0
    messages_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    heartbeats: int = 0
    rtt_s: float | None = None  # round trip of the last heartbeat, seconds


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``size`` (bytes) is for messages, ``rtt_s`` for heartbeats.

    ``beginning``: the first bytes of a message, for people to look at, where a platform gave them.
    """

    kind: EventKind
    platform: str
    device_id: str
    time: float
    size: int = 0
    rtt_s: float | None = None
    reason: str = ""
    beginning: bytes = b""


# So many bytes of a message are shown to people.
BEGINNING_BYTES = 80


class Subscription:
    """A bounded queue of events; ``dropped`` counts those lost because nobody read in time."""

    def __init__(
        self, limit: int, beginning: int, unsubscribe: Callable[[Subscription], None]
    ) -> None:
        self.dropped = 0
        self.beginning = beginning
        self._events: deque[Event] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self._waiters: list[Future[None]] = []
        self._unsubscribe = unsubscribe

    def drain(self) -> list[Event]:
        """Everything that waits, oldest first; never blocks."""
        with self._lock:
            events = list(self._events)
            self._events.clear()
            return events

    def get(self, timeout: float | None = None) -> Event | None:
        """The next event, or None after ``timeout`` seconds (None waits for ever)."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                if self._events:
                    return self._events.popleft()
                waiter = self._new_waiter()
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                waiter.result(left)
            except TimeoutError:
                self._forget(waiter)
                return None

    async def next(self) -> Event:
        """The next event, for asyncio programs."""
        while True:
            with self._lock:
                if self._events:
                    return self._events.popleft()
                waiter = self._new_waiter()
            try:
                await asyncio.wrap_future(waiter)
            finally:
                self._forget(waiter)

    def close(self) -> None:
        """Receive nothing more. What waits can still be read."""
        self._unsubscribe(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _new_waiter(self) -> Future[None]:
        waiter: Future[None] = Future()
        # From here on it cannot be cancelled, so that waking it never fails.
        waiter.set_running_or_notify_cancel()
        self._waiters.append(waiter)
        return waiter

    def _forget(self, waiter: Future[None]) -> None:
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _put(self, event: Event) -> None:
        with self._lock:
            if len(self._events) == self._events.maxlen:
                self.dropped += 1
            self._events.append(event)
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.set_result(None)


class Registry:
    """The devices of every platform, and the bus that tells what happens to them."""

    def __init__(self, *, capacity: int = 10_000, clock: Callable[[], float] = time.time) -> None:
        self._capacity = capacity
        self._clock = clock
        self._lock = threading.Lock()
        self._devices: dict[tuple[str, str], Device] = {}
        self._leaving: set[tuple[str, str]] = set()  # to be forgotten when they disconnect
        self._subscriptions: tuple[Subscription, ...] = ()

    # -- for platforms ---------------------------------------------------------------------

    def connected(
        self, platform: str, device_id: str, *, kind: str = "", address: str = ""
    ) -> None:
        """A device has identified itself. ``kind`` is its platform's word for its type."""
        with self._lock:
            now = self._clock()
            # Put last, so that the order of the dict is the order of connecting.
            device = self._devices.pop((platform, device_id), None) or Device(platform, device_id)
            self._devices[platform, device_id] = device
            device.kind, device.address = kind, address
            device.connected, device.reason = True, ""
            device.connects += 1
            self._leaving.discard((platform, device_id))
            device.connected_at = device.last_seen = now
            self._forget_beyond_capacity()
        self._publish("connected", platform, device_id, now)

    def disconnected(self, platform: str, device_id: str, reason: str) -> None:
        """The connection of a device has ended."""
        with self._lock:
            now = self._clock()
            device = self._device(platform, device_id)
            device.connected, device.reason = False, reason
            if (platform, device_id) in self._leaving:
                self._leaving.discard((platform, device_id))
                del self._devices[platform, device_id]
        self._publish("disconnected", platform, device_id, now, reason=reason)

    def heartbeat(self, platform: str, device_id: str, rtt_s: float) -> None:
        """A device has answered a heartbeat after ``rtt_s`` seconds."""
        with self._lock:
            now = self._clock()
            device = self._device(platform, device_id)
            device.last_seen, device.rtt_s = now, rtt_s
            device.heartbeats += 1
        self._publish("heartbeat", platform, device_id, now, rtt_s=rtt_s)

    def message_in(self, platform: str, device_id: str, size: int, message: Bytes = b"") -> None:
        """A device has sent an application message of ``size`` bytes, of which some are shown."""
        with self._lock:
            now = self._clock()
            device = self._device(platform, device_id)
            device.last_seen = now
            device.messages_in += 1
            device.bytes_in += size
        self._publish("message_in", platform, device_id, now, size=size, message=message)

    def message_out(self, platform: str, device_id: str, size: int, message: Bytes = b"") -> None:
        """An application message of ``size`` bytes is on its way to a device."""
        with self._lock:
            now = self._clock()
            device = self._device(platform, device_id)
            device.messages_out += 1
            device.bytes_out += size
        self._publish("message_out", platform, device_id, now, size=size, message=message)

    def forget(self, platform: str, device_id: str) -> None:
        """A device is not to be shown any more, from the end of its connection on; harmless where
        it is not known."""
        with self._lock:
            device = self._devices.get((platform, device_id))
            if device is not None and device.connected:
                self._leaving.add((platform, device_id))
            elif device is not None:
                del self._devices[platform, device_id]

    # -- for readers -----------------------------------------------------------------------

    def devices(self) -> list[Device]:
        """Copies of all devices, in the order in which they last connected."""
        with self._lock:
            return [replace(device) for device in self._devices.values()]

    def device(self, platform: str, device_id: str) -> Device | None:
        """A copy of one device, or None if it is not known."""
        with self._lock:
            found = self._devices.get((platform, device_id))
            return replace(found) if found else None

    def subscribe(self, limit: int = 1000, beginning: int = BEGINNING_BYTES) -> Subscription:
        """A queue of at most ``limit`` events, from now on, with so many bytes of messages."""
        subscription = Subscription(limit, beginning, self._unsubscribe)
        with self._lock:
            self._subscriptions += (subscription,)
        return subscription

    # -- inside ----------------------------------------------------------------------------

    def _device(self, platform: str, device_id: str) -> Device:
        key = platform, device_id
        device = self._devices.get(key)
        if device is None:
            device = self._devices[key] = Device(platform, device_id)
        return device

    def _forget_beyond_capacity(self) -> None:
        if len(self._devices) <= self._capacity:
            return
        # Those that are connected stay, however many: their platforms bound them.
        for key in [key for key, device in self._devices.items() if not device.connected]:
            del self._devices[key]
            if len(self._devices) <= self._capacity:
                return

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    def _publish(
        self,
        kind: EventKind,
        platform: str,
        device_id: str,
        now: float,
        *,
        size: int = 0,
        rtt_s: float | None = None,
        reason: str = "",
        message: Bytes = b"",
    ) -> None:
        subscriptions = self._subscriptions
        if subscriptions:
            events: dict[int, Event] = {}
            for subscription in subscriptions:
                shown = subscription.beginning
                if shown not in events:
                    events[shown] = Event(
                        kind,
                        platform,
                        device_id,
                        now,
                        size,
                        rtt_s,
                        reason,
                        bytes(message[:shown]),
                    )
                subscription._put(events[shown])
