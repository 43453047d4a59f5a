"""Devices that do not keep up, and those that say too much: memory stays bounded, others live."""

import select
import threading

import pytest

from motelink_tools.hub.manager import Manager

from .manager_device import DEADLINE_S, connected, wait_for


@pytest.fixture(params=["raw", "terminated", "length"])
def framing(request):
    return request.param


@pytest.fixture
def manager(framing):
    with Manager(["test"], connection_port=0, framing=framing) as manager:
        yield manager


def test_a_device_that_does_not_read_is_ended(manager, framing, caplog):
    slow, client = connected(manager, framing=framing)
    other = connected(manager, framing=framing)[0]
    with slow, other:
        sent = 0
        while client.send(bytes(60_000)) is not None:
            sent += 60_000
            assert sent < 100_000_000
        assert "the device does not read: " in caplog.text
        manager.send(other.uuid, b"unharmed")
        other.expect(other.dialect.encode(b"unharmed"))


def test_a_device_that_reads_may_get_much(manager, framing):
    """What waits counts, not what was sent: many times the bound goes to one that keeps up."""
    device = connected(manager, framing=framing)[0]
    burst = 4  # of 60,000 bytes each: just below what may wait
    with device:
        frames = burst * device.dialect.encode(bytes(60_000))
        for _ in range(25):
            for _ in range(burst):
                assert manager.send(device.uuid, bytes(60_000))
            device.expect(frames)


def flood(device, frame, limit):
    """Send as much of repeated ``frame`` as anybody takes. Returns how many bytes."""
    device.socket.setblocking(False)
    sent = 0
    while sent < limit and select.select([], [device.socket], [], 0.3)[1]:
        sent += device.socket.send(frame[sent % len(frame) :])
    device.socket.settimeout(DEADLINE_S)
    return sent


def test_a_flood_is_not_read_faster_than_handled():
    """Memory stays bounded, nothing is lost, and the late answer to a heartbeat is forgiven."""
    release, seen, limit = threading.Event(), [], 40 * 1024 * 1024
    with Manager(
        ["test"], connection_port=0, framing="length", heartbeat_rate=0.05, answer_timeout=1
    ) as manager:

        @manager.event
        def on_message(client, message):
            release.wait(DEADLINE_S)
            seen.append(len(message))

        device, client = connected(manager, framing="length")
        manager.heartbeat_rate = 3600  # after the first
        with device:
            frame = device.dialect.encode(bytes(60_000))
            sent = flood(device, frame, limit)
            assert sent < limit, "the Manager read everything, though nobody handled it"
            device.expect(device.dialect.heart)
            device.socket.settimeout(1.5)
            with pytest.raises(TimeoutError):
                device.socket.recv(1)
            assert client.connected
            release.set()
            device.socket.settimeout(DEADLINE_S)
            cut = sent % len(frame)
            device.put((frame[cut:] if cut else b"") + device.dialect.encode(b"\x02"))
            wait_for(lambda: len(seen) == -(-sent // len(frame)))
            assert client.connected


def test_recv_reads_more_than_fits_at_once():
    """The holder of the lock makes room, and what the device could not send yet follows."""
    with Manager(["test"], connection_port=0, framing="length") as manager:
        device, client = connected(manager, framing="length")
        frames = b"".join(device.dialect.encode(bytes(60_000)) for _ in range(200))
        with device, client.connection_lock:
            sending = threading.Thread(target=device.put, args=[frames])
            sending.start()
            assert [len(client.recv()) for _ in range(200)] == [60_000] * 200
            sending.join()
