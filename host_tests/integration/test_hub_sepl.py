"""The SEPL platform, with the `websockets` client as a gateway."""

import asyncio
import hashlib
import json
import logging
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from motelink.sepl_device import Device, local_hash
from motelink_tools.errors import ToolError
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.sepl import Sepl
from motelink_tools.hub.sepl.session import Session

DEADLINE_S = 10
NOTHING = hashlib.sha1(b"").hexdigest()


def run(body):
    async def whole():
        await asyncio.wait_for(body(), DEADLINE_S)

    asyncio.run(whole())


class Gateway:
    """What a connector says, by hand."""

    def __init__(self, connection):
        self.connection = connection

    async def hear(self):
        return json.loads(await self.connection.recv())

    async def greet(self, password, gid=""):
        hello = {"user": "me", "pw": password, "gid": gid, "token": "credentials"}
        await self.connection.send(json.dumps(hello))
        return await self.hear()

    async def ask(self, handler, payload, token="t-1"):
        message = {"status": 200, "handler": handler, "token": token, "payload": payload}
        await self.connection.send(json.dumps({**message, "content_type": ""}))
        answer = await self.hear()
        assert answer["token"] == token
        return answer["status"]

    async def synchronise(self, devices):
        assert await self.ask("clear", None) == 200
        for device in devices:
            assert await self.ask("put", device.as_put()) == 200
        assert await self.ask("commit", local_hash(devices)) == 200


class World:
    def __init__(self, platform, registry, events):
        self.platform = platform
        self.registry = registry
        self.events = events
        records = platform.records
        self.password = None if records.users() else records.add_user("me")

    @asynccontextmanager
    async def gateway(self, gid="", password=None):
        async with connect(self.platform.address) as connection:
            gateway = Gateway(connection)
            answer = await gateway.greet(password or self.password, gid)
            assert answer["status"] == 200
            assert answer["token"] == "credentials"
            gateway.gid, gateway.hash = answer["payload"]["gid"], answer["payload"]["hash"]
            yield gateway


@asynccontextmanager
async def world(path):
    registry, events = Registry(), []
    async with Sepl(
        path / "sepl.db", registry, on_event=lambda *event: events.append(event)
    ) as platform:
        yield World(platform, registry, events)


def devices(n):
    made = [Device(f"d{i}", "urn:lamp", f"Lamp {i}") for i in range(n)]
    for device in made:
        device.addTag("room", "hall")
        device.addTag("floor", "2")
    return made


def test_a_gateway_gets_an_id_and_keeps_it(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            async with w.gateway() as first:
                assert len(first.gid) == 36
                assert first.hash == NOTHING
                gid = first.gid
            async with w.gateway(gid) as again:
                assert again.gid == gid
            async with w.gateway("made up") as third:
                assert third.gid not in (gid, "made up")

    run(body)


def test_the_gateway_of_another_user_is_not_given(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            async with w.gateway() as mine:
                gid = mine.gid
            password = w.platform.records.add_user("other")
            async with connect(w.platform.address) as connection:
                hello = {"user": "other", "pw": password, "gid": gid, "token": "credentials"}
                await connection.send(json.dumps(hello))
                assert json.loads(await connection.recv())["payload"]["gid"] != gid

    run(body)


@pytest.mark.parametrize(
    "hello",
    [
        {"user": "me", "pw": "wrong", "gid": ""},
        {"user": "nobody", "pw": "wrong", "gid": ""},
        {"user": "me", "gid": ""},
        {"user": 1, "pw": 2, "gid": 3},
        [],
        "x",
    ],
)
def test_wrong_credentials(tmp_path, hello):
    async def body():
        async with world(tmp_path) as w, connect(w.platform.address) as connection:
            await connection.send(json.dumps(hello))
            answer = json.loads(await connection.recv())
            assert (answer["status"], answer["token"]) == (401, "credentials")
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            assert connection.close_code == 1008
            assert w.registry.devices() == []

    run(body)


def test_a_synchronisation_is_kept_over_a_restart(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            await gateway.synchronise(devices(20))
            gid, password = gateway.gid, w.password
        async with world(tmp_path) as w, w.gateway(gid, password) as gateway:
            assert gateway.hash == local_hash(devices(20))
            row = w.platform.records.devices(gid)[0]
            assert (row.uri, row.tags, row.connected) == ("d0", ["room:hall", "floor:2"], True)

    run(body)


def test_a_synchronisation_that_was_cut_is_begun_again(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            async with w.gateway() as gateway:
                gid = gateway.gid
                await gateway.synchronise(devices(3))
                await gateway.ask("clear", None)
                await gateway.ask("put", devices(1)[0].as_put())
            async with w.gateway(gid) as gateway:
                assert gateway.hash not in (NOTHING, local_hash(devices(3)))

    run(body)


def test_what_is_refused(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            lamp = devices(1)[0].as_put()
            assert await gateway.ask("put", lamp) == 200
            assert await gateway.ask("commit", NOTHING) == 409
            for change in ({"uri": ""}, {"name": None}, {"tags": 7}, {"tags": ["no colon"] * 2}):
                assert await gateway.ask("put", {**lamp, **change}) == 400
            assert await gateway.ask("put", "x") == 400
            assert await gateway.ask("disconnect", "nobody") == 404
            assert await gateway.ask("delete", {}) == 404
            assert await gateway.ask("event", {"device_uri": "d0"}) == 400
            event = {
                "device_uri": "x",
                "service_uri": "s",
                "value": [{"name": "body", "value": 1}],
            }
            assert await gateway.ask("event", event) == 404
            assert await gateway.ask("response", {}) == 404
            assert await gateway.ask("dance", None) == 400
            for frame in ("", "[]", "{}", '{"token":1,"handler":2,"payload":3}', b"\xff"):
                await gateway.connection.send(frame)
            assert await gateway.ask("delete", "d0") == 200
            assert w.platform.ignored == 5
            assert w.platform.records.devices() == []

    run(body)


def test_disconnect_and_update(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            lamp = devices(1)[0]
            await gateway.ask("put", lamp.as_put())
            assert await gateway.ask("disconnect", "d0") == 200
            with pytest.raises(ToolError, match="not connected"):
                await w.platform.command("d0", "s")
            lamp.name = "New"
            await gateway.ask("put", lamp.as_put())
            row = w.platform.records.devices()[0]
            assert row.name == "New"
            assert row.connected

    run(body)


def test_events_are_kept_and_seen(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            await gateway.ask("put", devices(1)[0].as_put())
            for i in range(5):
                value = [{"name": "body", "value": {"i": i}}]
                event = {"device_uri": "d0", "service_uri": "s", "value": value}
                assert await gateway.ask("event", event) == 200
            kept = w.platform.records.events("d0", limit=3)
            assert [row.value["i"] for row in kept] == [2, 3, 4]
            assert w.platform.records.events("d0", until=kept[0].time - 1e6) == []
            assert w.events[-1] == (gateway.gid, "d0", "s", {"i": 4})

    run(body)


def test_a_command_is_responded(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            await gateway.ask("put", devices(1)[0].as_put())
            asked = asyncio.create_task(w.platform.command("d0", "switch", {"on": True}))
            command = await gateway.hear()
            assert command["handler"] == "command"
            assert command["status"] == 200
            payload = command["payload"]
            assert (payload["device_url"], payload["service_url"]) == ("d0", "switch")
            assert payload["protocol_parts"] == [{"name": "body", "value": {"on": True}}]
            payload["protocol_parts"] = [{"name": "body", "value": "done"}]
            assert await gateway.ask("response", payload, command["token"]) == 200
            assert await asked == "done"
            assert await gateway.ask("response", payload, command["token"]) == 404  # once

    run(body)


def test_a_command_nobody_responds_to(tmp_path):
    async def body():
        async with world(tmp_path) as w:
            with pytest.raises(ToolError, match="no device"):
                await w.platform.command("d0", "s")
            async with w.gateway() as gateway:
                await gateway.ask("put", devices(1)[0].as_put())
                with pytest.raises(ToolError, match=r"no response in 0\.05 s"):
                    await w.platform.command("d0", "s", timeout=0.05)
                await gateway.hear()
                asked = asyncio.create_task(w.platform.command("d0", "s"))
                busy = await gateway.hear()
                status = await gateway.ask("response", {"protocol_parts": []}, busy["token"])
                assert status == 200
                with pytest.raises(ToolError, match="without a body"):
                    await asked
                asked = asyncio.create_task(w.platform.command("d0", "s"))
                await gateway.hear()
            with pytest.raises(ToolError, match="gone"):
                await asked
            with pytest.raises(ToolError, match="not connected"):
                await w.platform.command("d0", "s")

    run(body)


def test_a_gateway_that_comes_again_takes_the_place(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as first:
            await first.ask("put", devices(1)[0].as_put())
            async with w.gateway(first.gid) as second:
                with pytest.raises(ConnectionClosed):
                    await first.hear()
                assert first.connection.close_code == 1008
                asked = asyncio.create_task(w.platform.command("d0", "s"))
                command = await second.hear()
                await second.ask("response", command["payload"], command["token"])
                assert await asked is None
                assert w.registry.device("sepl", first.gid).connected

    run(body)


def test_no_password_is_logged_or_stored(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="websockets.client")

    async def body():
        async with world(tmp_path) as w:
            async with w.gateway():
                pass
            assert w.password not in caplog.text
            return w.password

    run(body)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b'"pw"' not in stored


def test_a_frame_too_large(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            await gateway.connection.send("x" * 70000)
            with pytest.raises(ConnectionClosed):
                await gateway.hear()
            assert gateway.connection.close_code == 1009

    run(body)


def test_a_user_that_is_removed_is_gone_at_once(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            await gateway.ask("put", devices(1)[0].as_put())
            w.platform.remove_user("me")
            # What comes before the connection is closed:
            session = Session(w.platform.records, gateway.gid, lambda token, message: False)
            put = {"handler": "put", "token": "t", "payload": devices(1)[0].as_put()}
            assert json.loads(session.received(json.dumps(put)))["status"] == 404
            with pytest.raises(ConnectionClosed):
                await gateway.hear()
            assert gateway.connection.close_code == 1008
            assert w.platform.records.devices() == []
            with pytest.raises(ToolError, match="no user"):
                w.platform.remove_user("me")

    run(body)


def test_what_no_database_takes(tmp_path):
    deep = json.loads("[" * 500 + "]" * 500)
    lone = "\ud800"

    async def body():
        async with world(tmp_path) as w:
            async with connect(w.platform.address) as connection:
                hello = {"user": "me", "pw": "x", "gid": lone}
                await connection.send(json.dumps(hello))
                assert json.loads(await connection.recv())["status"] == 401
            async with w.gateway() as gateway:
                lamp = devices(1)[0].as_put()
                assert await gateway.ask("put", {**lamp, "uri": lone}) == 400
                assert await gateway.ask("delete", lone) == 400
                assert await gateway.ask("put", lamp) == 200
                value = [{"name": "body", "value": deep}]
                event = {"device_uri": "d0", "service_uri": "s", "value": value}
                assert await gateway.ask("event", event) in (200, 400)
                assert await gateway.ask("delete", "d0") == 200

    run(body)
