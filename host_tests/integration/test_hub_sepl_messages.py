"""What a gateway of the SEPL platform says of its devices, and what it is told to do."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from motelink_tools.errors import ToolError

from .sepl_gateway import NOTHING, devices, run, world


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


def test_a_frame_too_large(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.gateway() as gateway:
            await gateway.connection.send("x" * 70000)
            with pytest.raises(ConnectionClosed):
                await gateway.hear()
            assert gateway.connection.close_code == 1009

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
                for value in (lone, float("nan"), float("inf")):
                    event["value"] = [{"name": "body", "value": value}]
                    assert await gateway.ask("event", event) == 400
                assert len(w.platform.records.events("d0")) <= 1
                assert await gateway.ask("delete", "d0") == 200

    run(body)
