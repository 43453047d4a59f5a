"""The IoTtalk server's HTTP API: every status and header."""

import asyncio
import re
import socket

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import Broker
from motelink_tools.hub.csm import Csm, admission
from motelink_tools.hub.registry import Registry

from .csm_world import KETTLE, body, run, world

JSON = {"Content-Type": "application/json"}
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Accept, Content-Type",
    "Access-Control-Allow-Methods": "POST, PUT, DELETE, GET, OPTIONS",
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def checked(response, status):
    """Its body."""
    assert response.status_code == status, response.text
    assert {name: response.headers[name] for name in CORS} == CORS
    if status == 204 or not response.content:
        return None
    assert response.headers["Content-Type"] == "application/json"
    answer = response.json()
    assert answer["state"] == ("ok" if status == 200 else "error")
    return answer


def test_a_registration_from_first_to_last(tmp_path):
    async def run_it():
        async with world(tmp_path, ws_port=1884, public_host="hub.example") as w:
            answer = checked(await w.http("PUT", KETTLE, json=body()), 200)
            rev = answer.pop("rev")
            assert UUID.fullmatch(rev)
            assert answer == {
                "id": KETTLE,
                "state": "ok",
                "name": "00.Cat",
                "url": {
                    "scheme": "mqtt",
                    "host": "hub.example",
                    "port": w.broker.port,
                    "ws_scheme": "ws",
                    "ws_port": 1884,
                },
                "ctrl_chans": [f"{KETTLE}/ctrl/i", f"{KETTLE}/ctrl/o"],
            }
            shown = checked(await w.http("GET", KETTLE), 200)
            assert shown.pop("register_time") > 1.7e9
            assert shown == {"id": KETTLE, "state": "ok", "rev": rev, "name": "00.Cat", **body()}
            wrong = await w.http("DELETE", KETTLE, json={"rev": "x"})
            assert "revision" in checked(wrong, 400)["reason"]
            gone = checked(await w.http("DELETE", KETTLE, json={"rev": rev}), 200)
            assert gone == {"id": KETTLE, "state": "ok"}
            missing = checked(await w.http("GET", KETTLE), 404)
            assert missing == {"id": KETTLE, "state": "error", "reason": "id not found"}
            checked(await w.http("DELETE", KETTLE, json={"rev": rev}), 404)

    run(run_it)


def test_who_does_not_speak_mqtt_gets_no_channels(tmp_path):
    async def run_it():
        async with world(tmp_path) as w:
            answer = checked(
                await w.http("PUT", KETTLE, json=body(accept_protos=["zmq", "mqtt"])), 200
            )
            assert set(answer) == {"id", "state", "rev", "name"}

    run(run_it)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"],
)
def test_content_types_that_are_taken(tmp_path, content_type):
    async def run_it():
        async with world(tmp_path) as w:
            data = '{"accept_protos": ["mqtt"], "profile": {"model": "°"}}'.encode()
            response = await w.http(
                "PUT", KETTLE, data=data, headers={"Content-Type": content_type}
            )
            assert checked(response, 200)["name"] == "00.°"

    run(run_it)


def test_what_is_refused(tmp_path):
    rows = [
        ("PUT", KETTLE, {"data": b"{}"}, 400, "Content-Type"),
        ("PUT", KETTLE, {"data": b"{}", "headers": {"Content-Type": "text/json"}}, 400, "text/"),
        ("DELETE", KETTLE, {}, 400, "Content-Type"),
        ("POST", KETTLE, {}, 400, "Content-Type"),
        ("PUT", KETTLE, {"data": b"{", "headers": JSON}, 400, "decode error"),
        ("PUT", KETTLE, {"data": b"\xff", "headers": JSON}, 400, "decode error"),
        ("PUT", KETTLE, {"data": b"", "headers": JSON}, 400, "decode error"),
        ("PUT", KETTLE, {"data": b'"\\ud800"', "headers": JSON}, 400, "decode error"),
        ("PUT", KETTLE, {"data": b"[" * 100000, "headers": JSON}, 400, "decode error"),
        ("PUT", KETTLE, {"data": b"[]", "headers": JSON}, 400, "object"),
        ("PUT", KETTLE, {"json": body(owner="me")}, 403, "Unknown field: owner"),
        ("PUT", KETTLE, {"data": b" " * 300000, "headers": JSON}, 413, "bytes"),
        ("PATCH", KETTLE, {"json": {}}, 405, "PATCH"),
        ("BREW", KETTLE, {}, 405, "BREW"),
        ("GET", "", {}, 404, "no such page"),
        ("GET", KETTLE.upper(), {}, 404, "no such page"),
        ("PUT", KETTLE.replace("-", ""), {"json": body()}, 404, "no such page"),
        ("GET", KETTLE + "/", {}, 404, "no such page"),
        ("GET", KETTLE + "/profile", {}, 404, "no such page"),
        ("GET", "tree", {}, 404, "no such page"),
    ]

    async def run_it():
        async with world(tmp_path) as w:
            for method, path, more, status, reason in rows:
                answer = checked(await w.http(method, path, **more), status)
                assert reason in answer["reason"]
                assert answer.get("id") == (KETTLE if path == KETTLE else None)
            assert w.csm.core.devices.all() == []

    run(run_it)


def test_preflight_and_the_stub(tmp_path):
    async def run_it():
        async with world(tmp_path) as w:
            assert checked(await w.http("OPTIONS", KETTLE), 204) is None
            post = await w.http("POST", KETTLE, data=b"anything", headers=JSON)
            assert checked(post, 200) is None
            head = await w.http("HEAD", KETTLE)
            assert (head.status_code, head.content) == (405, b"")

    run(run_it)


def test_a_fault_of_ours_is_a_500(tmp_path, monkeypatch, caplog):
    async def run_it():
        async with world(tmp_path) as w:
            monkeypatch.setattr(w.csm.core, "put", lambda *_: 1 / 0)
            answer = checked(await w.http("PUT", KETTLE, json=body()), 500)
            assert answer["reason"] == "unknown"
            checked(await w.http("GET", KETTLE), 404)

    run(run_it)
    assert "ZeroDivisionError" in caplog.text


def test_a_port_that_is_taken_and_a_broker_that_is_not_there(tmp_path):
    async def run_it():
        async with world(tmp_path) as w:
            with pytest.raises(ToolError, match="IoTtalk cannot listen"):
                async with Csm(
                    tmp_path / "2.db",
                    Registry(),
                    w.broker.host,
                    w.broker.port,
                    http_port=w.csm.port,
                ):
                    pass
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        with pytest.raises(ToolError, match="cannot reach the broker"):
            async with Csm(tmp_path / "3.db", Registry(), "127.0.0.1", port, http_port=0):
                pass

    run(run_it)


def test_devices_log_in_with_what_they_are_given(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(admission, "_LEAVE_S", 0.1)
    caplog.set_level("DEBUG")
    broker = Broker(account="hub")
    broker.access.anonymous = False
    account = (broker.account.user, broker.account.password)
    other = "00000000-0000-0000-0000-c860008bd249"

    async def run_it():
        revoked = []
        options = {"account": account, "grant": broker.grant, "revoke": revoked.append}
        async with world(tmp_path, broker, **options) as w:
            answer = checked(await w.http("PUT", KETTLE, json=body()), 200)
            assert answer["username"] == KETTLE
            me = (answer["username"], answer["password"])
            assert me[1] not in caplog.text
            await w.http("PUT", other, json=body())
            async with (
                w.listening("#", account=account) as all_topics,
                w.listening(f"{KETTLE}/ctrl/o", account=me) as mine,
            ):
                # Not where others speak.
                await mine.say(f"{other}/ctrl/i", {"state": "online"})
                await mine.say("iottalk/api/req/gui/device", {"op": "attach"})
                await mine.say(f"{KETTLE}/ctrl/i", {"state": "online", "rev": answer["rev"]})
                topic, _ = await all_topics.next()
                assert topic == f"{KETTLE}/ctrl/i"
                await w.until(w.connected)
            rev = (await w.http("GET", other)).json()["rev"]
            await w.http("DELETE", other, json={"rev": rev})
            await w.until(lambda: revoked)
            assert revoked == [other]
            # Who comes back in time stays.
            await w.http("DELETE", KETTLE, json={"rev": answer["rev"]})
            answer = checked(await w.http("PUT", KETTLE, json=body()), 200)
            me = (answer["username"], answer["password"])
            await asyncio.sleep(0.3)
            assert revoked == [other]
        # A server that starts anew lets it in as before, with a broker that knows nobody.
        broker.revoke(KETTLE)
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("csm.db*"))
        assert me[1].encode() not in stored
        async with (
            world(tmp_path, broker, **options) as w,
            w.listening(f"{KETTLE}/ctrl/o", account=me) as mine,
        ):
            await mine.say(f"{KETTLE}/ctrl/i", {"state": "online", "rev": answer["rev"]})
            await w.until(w.connected)

    async def whole():
        await asyncio.to_thread(broker.start)
        try:
            await run_it()
        finally:
            broker.close()

    run(whole)
