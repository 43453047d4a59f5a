"""The registry: what is known of each device, and the bus that never grows."""

import asyncio
import threading

import pytest

from motelink_tools.hub.registry import Event, Registry


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def registry(clock):
    return Registry(clock=lambda: clock[0])


def test_the_life_of_a_device(registry, clock):
    registry.connected("manager", "a", kind="light", address="10.0.0.7:4711")
    clock[0] += 1
    registry.message_in("manager", "a", 10)
    registry.message_out("manager", "a", 100)
    clock[0] += 1
    registry.heartbeat("manager", "a", 0.25)
    clock[0] += 1
    registry.disconnected("manager", "a", "gone")
    device = registry.device("manager", "a")
    assert (device.kind, device.address) == ("light", "10.0.0.7:4711")
    assert (device.connected, device.reason, device.connects) == (False, "gone", 1)
    assert (device.messages_in, device.bytes_in) == (1, 10)
    assert (device.messages_out, device.bytes_out) == (1, 100)
    assert (device.heartbeats, device.rtt_s) == (1, 0.25)
    assert (device.connected_at, device.last_seen) == (1000.0, 1002.0)


def test_a_device_that_comes_again_keeps_its_counters(registry):
    registry.connected("manager", "a")
    registry.message_in("manager", "a", 1)
    registry.disconnected("manager", "a", "gone")
    registry.connected("manager", "a")
    device = registry.device("manager", "a")
    assert (device.connects, device.messages_in) == (2, 1)
    assert (device.connected, device.reason) == (True, "")


def test_platforms_are_kept_apart_and_copies_are_handed_out(registry):
    registry.connected("manager", "a")
    registry.connected("losant", "a")
    registry.devices()[0].messages_in = 99
    assert [(d.platform, d.messages_in) for d in registry.devices()] == [
        ("manager", 0),
        ("losant", 0),
    ]
    assert registry.device("sepl", "a") is None


def test_beyond_capacity_those_longest_gone_are_forgotten():
    registry = Registry(capacity=2)
    registry.connected("manager", "stays")
    for name in ("first", "second"):
        registry.connected("manager", name)
        registry.disconnected("manager", name, "gone")
    registry.connected("manager", "third")
    assert [device.id for device in registry.devices()] == ["stays", "third"]
    registry.connected("manager", "fourth")
    assert len(registry.devices()) == 3  # all connected


def test_events_come_in_order(registry):
    with registry.subscribe() as events:
        registry.connected("manager", "a")
        registry.message_in("manager", "a", 5)
        registry.heartbeat("manager", "a", 0.5)
        registry.disconnected("manager", "a", "gone")
        assert events.drain() == [
            Event("connected", "manager", "a", 1000.0),
            Event("message_in", "manager", "a", 1000.0, size=5),
            Event("heartbeat", "manager", "a", 1000.0, rtt_s=0.5),
            Event("disconnected", "manager", "a", 1000.0, reason="gone"),
        ]
    registry.connected("manager", "b")
    assert events.drain() == []


def test_a_slow_subscriber_loses_the_oldest_and_is_told(registry):
    slow, quick = registry.subscribe(limit=3), registry.subscribe()
    for size in range(10):
        registry.message_in("manager", "a", size)
    assert [event.size for event in slow.drain()] == [7, 8, 9]
    assert slow.dropped == 7
    assert len(quick.drain()) == 10
    assert quick.dropped == 0


def test_a_thread_waits_for_the_next_event(registry):
    events = registry.subscribe()
    assert events.get(timeout=0) is None
    found = []
    thread = threading.Thread(target=lambda: found.append(events.get(timeout=10)))
    thread.start()
    registry.connected("manager", "a")
    thread.join(10)
    assert found[0].kind == "connected"


async def _next_of(registry):
    events = registry.subscribe()
    waiting = asyncio.ensure_future(events.next())
    cancelled = asyncio.ensure_future(events.next())
    await asyncio.sleep(0)
    cancelled.cancel()
    thread = threading.Thread(target=registry.connected, args=("manager", "a"))
    thread.start()
    event = await asyncio.wait_for(waiting, 10)
    thread.join()
    registry.message_in("manager", "a", 3)
    return event.kind, (await events.next()).size


def test_a_coroutine_waits_for_the_next_event(registry):
    assert asyncio.run(_next_of(registry)) == ("connected", 3)


def test_a_device_that_is_away_can_be_forgotten():
    registry = Registry()
    registry.connected("test", "a")
    registry.forget("test", "a")
    assert registry.device("test", "a") is not None
    registry.disconnected("test", "a", "removed")
    assert registry.devices() == [], "from the end of its connection on"
    registry.connected("test", "a")
    registry.forget("test", "a")
    registry.connected("test", "a")
    registry.disconnected("test", "a", "it came back meanwhile")
    assert registry.device("test", "a") is not None
    registry.forget("test", "a")
    registry.forget("test", "a")
    assert registry.devices() == []
