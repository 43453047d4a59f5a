"""The Manager and its devices on the wire: identification, heartbeats, refusals, the end."""

import logging
import socket
import struct
import uuid

import pytest

from motelink_tools.hub.manager import Manager
from motelink_tools.hub.registry import Registry

from .manager_device import Device, client_of, connected, wait_for

FRAMINGS = ["raw", "terminated", "length"]


@pytest.fixture(params=FRAMINGS)
def framing(request):
    return request.param


@pytest.fixture
def manager(framing):
    with Manager(["test"], connection_port=0, framing=framing) as manager:
        yield manager


def collect(manager):
    seen = []

    @manager.event
    def on_message(client, message):
        seen.append(bytes(message))

    return seen


# -- identification ----------------------------------------------------------------------------


def test_info_cut_into_single_bytes(manager, framing):
    with Device(manager, framing) as device:
        device.expect(device.dialect.getinfo)
        info = device.dialect.encode(device.info())
        device.put(*(bytes([byte]) for byte in info))
        wait_for(lambda: client_of(manager, device))


def test_info_and_the_first_message_merged(manager, framing):
    seen = collect(manager)
    with Device(manager, framing) as device:
        device.expect(device.dialect.getinfo)
        device.put(device.dialect.encode(device.info()) + device.dialect.encode(b"at once"))
        wait_for(lambda: seen == [b"at once"])


BAD = {
    "type": lambda device: device.info().replace(b"##test##", b"##toaster##"),
    "uuid": lambda device: device.info()[1:],
    "json": lambda device: device.info("{'room': 1}"),
    "list": lambda device: device.info("[]"),
    "noise": lambda device: b"\x00\x01GET / HTTP/1.1\r\n" * 20,
}


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_info_is_refused(manager, framing, bad, caplog):
    with connected(manager, framing=framing)[0] as good, Device(manager, framing) as device:
        device.expect(device.dialect.getinfo)
        device.send(BAD[bad](device))
        device.expect_end()
        assert "info refused: " in caplog.text
        assert client_of(manager, device) is None
        assert manager.send(good.uuid, b"unharmed") == 8
        good.expect(good.dialect.encode(b"unharmed"))


@pytest.mark.parametrize("framing", ["raw", "terminated"], indirect=True)
def test_an_info_over_64_kib_is_refused(manager, framing, caplog):
    """In the length dialect none can be that long."""
    with Device(manager, framing) as device:
        device.expect(device.dialect.getinfo)
        device.send(device.info('{"a": "' + "x" * 65536 + '"}'))
        device.expect_end()
    assert "at most 65536 bytes" in caplog.text


def test_a_large_info_is_accepted(manager, framing):
    with Device(manager, framing) as device:
        device.identify('{"a": "' + "x" * 65000 + '"}')
        wait_for(lambda: client_of(manager, device))


@pytest.mark.parametrize("said", ["nothing", "half"])
def test_silence_after_getinfo_is_refused(framing, said, caplog):
    with (
        Manager(["test"], connection_port=0, framing=framing, answer_timeout=0.05) as manager,
        Device(manager, framing) as device,
    ):
        device.expect(device.dialect.getinfo)
        if said == "half":
            device.put(device.dialect.encode(device.info())[:50])
        device.expect_end()
    assert "expected an answer to info, got none in" in caplog.text


def test_a_second_connection_of_a_uuid_ends_the_first(manager, framing):
    identity = str(uuid.uuid4())
    first, old = connected(manager, framing=framing, identity=identity)
    with first, Device(manager, framing, identity=identity) as second:
        second.identify('{"boot": 2}')
        first.expect_end()
        wait_for(lambda: not old.connected)
        wait_for(lambda: client_of(manager, second))
        assert [c["data"] for c in manager.get_client_data()] == [{"boot": 2}]
        manager.send(identity, b"to the new one")
        second.expect(second.dialect.encode(b"to the new one"))


def test_a_device_that_leaves_is_forgotten(manager, framing):
    device, client = connected(manager, framing=framing)
    device.socket.close()
    wait_for(lambda: not manager.get_clients())
    assert not client.connected


def test_a_connection_reset_is_an_end_like_any(manager, framing):
    device, client = connected(manager, framing=framing)
    reset = struct.pack("ii", 1, 0)
    device.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
    device.socket.close()
    wait_for(lambda: not client.connected)


# -- heartbeats --------------------------------------------------------------------------------


@pytest.fixture
def beating(framing):
    with Manager(
        ["test"], connection_port=0, framing=framing, heartbeat_rate=0.02, answer_timeout=5
    ) as manager:
        yield manager


def test_heartbeats_keep_coming(beating, framing):
    seen = collect(beating)
    device, client = connected(beating, framing=framing)
    with device:
        for number in range(5):
            device.beat()
            device.send(b"message %d" % number)
        wait_for(lambda: b"".join(seen).count(b"message") == 5)
        assert client.connected
    assert b"".join(seen) == b"".join(b"message %d" % number for number in range(5))


def test_an_answer_glued_to_messages(beating, framing):
    seen = collect(beating)
    encode = {"raw": bytes, "terminated": lambda m: m + b"\xff"}.get(framing)
    beat = {"raw": b"beat", "terminated": b"\x02", "length": b"\0\1\2"}[framing]
    with connected(beating, framing=framing)[0] as device:
        encode = encode or device.dialect.encode
        device.expect(device.dialect.heart)
        device.put(encode(b"one ") + beat + encode(b"two "))
        device.expect(device.dialect.heart)
        device.put(*(bytes([byte]) for byte in beat))
        device.expect(device.dialect.heart)
    assert b"".join(seen) == b"one two "


def test_a_silent_device_is_ended_and_no_other(framing, caplog):
    with Manager(
        ["test"], connection_port=0, framing=framing, heartbeat_rate=0.02, answer_timeout=1
    ) as manager:
        alive, living = connected(manager, framing=framing)
        silent, dying = connected(manager, framing=framing)
        with alive, silent:
            while dying.connected:
                alive.beat()
            assert living.connected
            silent.read(len(silent.dialect.heart))
            silent.expect_end()
    assert f"{silent.uuid} ended: expected an answer to heartbeat, got none in" in caplog.text


def beats(device, count):
    for _ in range(count):
        device.beat()


def test_the_heartbeat_rate_may_be_changed():
    with Manager(["test"], connection_port=0, heartbeat_rate=0.02) as manager:
        device, client = connected(manager)
        with device:
            device.beat()
            manager.heartbeat_rate = 3600
            device.socket.settimeout(0.3)
            with pytest.raises(TimeoutError):
                beats(device, 100)
            assert client.connected


def test_in_raw_what_might_begin_an_answer_is_delivered_at_the_end():
    with Manager(["test"], connection_port=0, heartbeat_rate=0.02) as manager:
        seen = collect(manager)
        with connected(manager)[0] as device:
            device.expect(device.dialect.heart)
            device.send(b"crab")
        wait_for(lambda: seen == [b"crab"])


def test_in_raw_beat_is_data_unless_a_heartbeat_is_outstanding():
    with Manager(["test"], connection_port=0) as manager:
        seen = collect(manager)
        with connected(manager)[0] as device:
            device.send(b"beat")
            wait_for(lambda: seen == [b"beat"])


# -- what is reported --------------------------------------------------------------------------


def test_the_registry_knows(framing):
    registry = Registry()
    with (
        registry.subscribe() as events,
        Manager(
            ["test"], connection_port=0, framing=framing, heartbeat_rate=0.2, registry=registry
        ) as manager,
        connected(manager, framing=framing)[0] as device,
    ):
        device.beat()
        device.send(b"12345")
        manager.send_all(b"123")
        wait_for(lambda: registry.device("manager", device.uuid).bytes_in == 5)
        known = registry.device("manager", device.uuid)
        assert (known.kind, known.connected, known.connects) == ("test", True, 1)
        assert known.address == "{}:{}".format(*device.socket.getsockname())
        assert (known.messages_in, known.messages_out, known.bytes_out) == (1, 1, 3)
        assert known.heartbeats == 1
        assert 0 < known.rtt_s < 15
        device.socket.close()
        wait_for(lambda: not registry.device("manager", device.uuid).connected)
        kinds = [event.kind for event in events.drain()]
        assert [kinds[0], kinds[-1]] == ["connected", "disconnected"]
        assert sorted(kinds[1:-1]) == ["heartbeat", "message_in", "message_out"]


def test_logs_say_nothing_of_what_is_said(manager, framing, caplog):
    caplog.set_level(logging.DEBUG)
    seen = collect(manager)
    with Device(manager, framing) as device:
        device.identify('{"password": "hunter2"}')
        wait_for(lambda: client_of(manager, device))
        device.send(b"say swordfish")
        manager.send_all(b"swordfish it is")
        wait_for(lambda: seen)
    wait_for(lambda: not manager.get_clients())
    assert device.uuid in caplog.text
    for secret in ("hunter2", "swordfish"):
        assert secret not in caplog.text
