"""Gateways of the SEPL platform: who is let in, what is kept of them, who takes whose place."""

import asyncio
import json
import logging

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from motelink.sepl_device import local_hash
from motelink_tools.errors import ToolError
from motelink_tools.hub.sepl.session import Session

from .sepl_gateway import NOTHING, devices, run, world


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


def test_who_is_refused_is_said_and_no_more(tmp_path, caplog):
    async def body():
        async with world(tmp_path) as w:
            for user in ("me", "a-password-in-the-wrong-place"):
                async with connect(w.platform.address) as connection:
                    await connection.send(json.dumps({"user": user, "pw": "hush", "gid": ""}))
                    await connection.recv()

    run(body)
    assert [record.getMessage() for record in caplog.records if "refused" in record.msg] == [
        "refused 'me': wrong user or password",
        "refused an unknown user: wrong user or password",
    ]
    assert "hush" not in caplog.text


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
