"""The IoT Commute server, with the `websockets` client on both sides."""

import asyncio
import json
import logging
import threading
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from motelink_tools.errors import ToolError
from motelink_tools.hub.commute import Commute
from motelink_tools.hub.registry import Registry

DEADLINE_S = 60


def run(body):
    async def whole():
        await asyncio.wait_for(body(), DEADLINE_S)
        await asyncio.sleep(0)  # a refused client closes its transport in the next turn
        await asyncio.sleep(0)

    asyncio.run(whole())


class World:
    def __init__(self, server, registry):
        self.server = server
        self.registry = registry
        self.key = server.records.add("lamp") if not server.records.devices() else None

    def join(self, side, device="lamp", key=None):
        key = key or self.key
        return connect(f"{self.server.address}?device={device}&key={key}&side={side}")

    async def until(self, condition):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def world(path):
    registry = Registry()
    async with Commute(path / "commute.db", registry) as server:
        yield World(server, registry)


async def say(connection, **message):
    await connection.send(json.dumps(message))


async def heard(connection):
    return json.loads(await connection.recv())


def test_a_put_reaches_the_other_side_only(tmp_path):
    async def body():
        async with (
            world(tmp_path) as w,
            w.join("device") as device,
            w.join("client") as one,
            w.join("client") as two,
        ):
            await say(device, method="put", status={"sensor": "LED", "value": 3, "more": [1]})
            assert (
                await heard(one) == await heard(two) == {"sensor": "LED", "value": 3, "more": [1]}
            )
            await say(one, method="put", status="any JSON")
            assert await heard(device) == "any JSON"
            # Nothing has come back to who said it.
            await say(two, method="get", sensor="LED")
            assert (await heard(two))["value"] == 3

    run(body)


def test_devices_do_not_hear_each_other(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            other = w.server.records.add("other")
            async with (
                w.join("device") as device,
                w.join("client", "other", other) as stranger,
                w.join("client") as client,
            ):
                await say(device, method="put", status={"sensor": "s", "value": 1})
                await heard(client)
                await say(stranger, method="get", sensor="s")
                assert await heard(stranger) == {"sensor": "s", "value": None}

    run(body)


def test_last_states_survive_a_restart(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.join("device") as device, w.join("client") as client:
            key = w.key
            for value in (1, 2, {"deep": None}):
                await say(device, method="put", status={"sensor": "s", "value": value})
                await heard(client)
        async with world(tmp_path) as w, w.join("client", key=key) as client:
            await say(client, method="get", sensor="s")
            assert await heard(client) == {"sensor": "s", "value": {"deep": None}}

    run(body)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("device=lamp&key=wrong&side=device", 401),
        ("device=nobody&key=wrong&side=device", 401),
        ("device=lamp&side=device", 401),
        ("device=lamp&key=wrong&side=other", 400),
        ("", 400),
    ],
)
def test_the_handshake_is_refused(tmp_path, query, status):
    async def body():
        async with world(tmp_path) as w:
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{w.server.address}?{query}")
            assert refused.value.response.status_code == status
            assert w.registry.devices() == []

    run(body)


def test_who_is_refused_is_said_and_no_more(tmp_path, caplog):
    async def body():
        async with world(tmp_path) as w:
            for device in ("lamp", "a-key-in-the-wrong-place"):
                with pytest.raises(InvalidStatus):
                    await connect(f"{w.server.address}?device={device}&key=hush&side=device")

    run(body)
    assert [record.getMessage() for record in caplog.records if "refused" in record.msg] == [
        "refused 'lamp': wrong device or key",
        "refused an unknown device: wrong device or key",
    ]
    assert "hush" not in caplog.text


def test_who_goes_away_while_the_key_is_looked_up_is_no_fault(tmp_path, caplog, monkeypatch):
    asked, gone = threading.Event(), threading.Event()

    def knows(*_):
        asked.set()
        return gone.wait(DEADLINE_S)

    async def body():
        async with world(tmp_path) as w:
            monkeypatch.setattr(w.server.records, "knows", knows)
            head = "GET /ws?device=lamp&key=x&side=device HTTP/1.1\r\nHost: h\r\n"
            head += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            head += "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            _, writer = await asyncio.open_connection("127.0.0.1", w.server.port)
            writer.write(head.encode())
            await w.until(asked.is_set)
            writer.transport.abort()
            await asyncio.sleep(0.05)  # the server sees that
            gone.set()
            async with w.join("device") as device:
                await say(device, method="get", sensor="s")
                await heard(device)

    run(body)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_what_is_no_message_is_counted_and_harms_nobody(tmp_path):
    async def body():
        frames = ["", "{", "[]", "7", '{"method":"x"}', '{"method":"put"}', b"\xff", "[" * 9999]
        frames += ['{"method":"get"}', '{"method":"get","sensor":7}', "null"]
        async with world(tmp_path) as w, w.join("device") as device, w.join("client") as client:
            for frame in frames:
                await device.send(frame)
            await say(device, method="put", status=1)
            assert await heard(client) == 1
            assert w.server.ignored == len(frames)

    run(body)


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "1e999", '"\\ud800"'])
def test_what_is_no_json_reaches_nobody_and_is_not_kept(tmp_path, value):
    async def body():
        async with world(tmp_path) as w, w.join("device") as device, w.join("client") as client:
            status = '{"sensor": "s", "value": VALUE}'.replace("VALUE", value)
            await device.send(f'{{"method": "put", "status": {status}}}')
            await say(device, method="put", status=1)
            assert await heard(client) == 1
            assert w.server.ignored == 1
            assert w.server.records.states("lamp") == []

    run(body)


def test_a_frame_too_large_ends_that_connection(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.join("device") as device, w.join("client") as client:
            await device.send("x" * 70000)
            with pytest.raises(ConnectionClosed):
                await device.recv()
            assert device.close_code == 1009
            await say(client, method="get", sensor="s")
            await heard(client)

    run(body)


def test_connections_of_a_device_are_bounded(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            joined = [await w.join("client") for _ in range(16)]
            with pytest.raises(InvalidStatus) as refused:
                await w.join("client")
            assert refused.value.response.status_code == 503
            await joined[0].close()
            await w.until(lambda: w.server._count < 16)
            joined[0] = await w.join("client")
            for connection in joined:
                await connection.close()

    run(body)


def test_sensors_of_a_device_are_bounded(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.join("device") as device, w.join("client") as client:
            for i in range(260):
                await say(device, method="put", status={"sensor": f"s{i}", "value": i})
                await heard(client)
            await say(device, method="put", status={"sensor": "s0", "value": "new"})
            await heard(client)
            assert len(w.server.records.states("lamp")) == 256
            assert w.server.records.state("lamp", "s0")["value"] == "new"

    run(body)


def test_the_registry_hears(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            async with w.join("device") as device, w.join("client") as client:
                await say(device, method="put", status=1)
                await heard(client)
                assert w.server.send("lamp", {"sensor": "LED", "value": 1}) == 1
                assert await heard(device) == {"sensor": "LED", "value": 1}
                known = w.registry.device("commute", "lamp")
                assert known.connected
                assert (known.messages_in, known.messages_out) == (1, 1)
            await w.until(lambda: not w.registry.device("commute", "lamp").connected)
            assert "1000" in w.registry.device("commute", "lamp").reason

    run(body)


def test_a_peer_that_does_not_read_does_not_stop_the_others(tmp_path):
    async def body():
        async with (
            world(tmp_path) as w,
            w.join("device") as device,
            w.join("client") as asleep,
            w.join("client") as awake,
        ):
            asleep.transport.pause_reading()
            status = {"sensor": "s", "value": "x" * 50000}
            for _ in range(400):
                await say(device, method="put", status=status)
                assert await heard(awake) == status
            asleep.transport.abort()

    run(body)


def test_no_key_is_logged(tmp_path, caplog):
    caplog.set_level(logging.DEBUG, logger="websockets.server")
    caplog.set_level(logging.DEBUG)

    async def body():
        async with world(tmp_path) as w:
            async with w.join("device"):
                pass
            with pytest.raises(InvalidStatus):
                await w.join("device", key="hunter2hunter2")
            said = [r.getMessage() for r in caplog.records if not r.name.endswith(".client")]
            assert not any("hunter2" in text or w.key in text for text in said)

    run(body)
    assert b"hunter2" not in (tmp_path / "commute.db").read_bytes()


def test_keys_are_not_stored(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            key = w.key
        stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert key.encode() not in stored

    run(body)


def test_devices_are_added_once_and_removed(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            records = w.server.records
            with pytest.raises(ToolError, match="already"):
                records.add("lamp")
            with pytest.raises(ToolError, match="id"):
                records.add("")
            records.remove("lamp")
            with pytest.raises(ToolError, match="no device"):
                records.remove("lamp")
            with pytest.raises(InvalidStatus):
                await w.join("device")

    run(body)


def test_a_device_that_is_removed_is_gone_at_once(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.join("device") as device, w.join("client") as client:
            w.server.remove("lamp")
            await say(device, method="put", status={"sensor": "s", "value": 1})
            for side in (device, client):
                with pytest.raises(ConnectionClosed):
                    await side.recv()
                assert side.close_code == 1008

    run(body)


def test_a_port_that_is_taken(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            with pytest.raises(ToolError, match="cannot listen"):
                async with Commute(tmp_path / "b.db", Registry(), port=w.server.port):
                    pass

    run(body)
