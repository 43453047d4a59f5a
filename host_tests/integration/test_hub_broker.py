"""Brokers for the hub, mosquitto and amqtt alike: who is let in, and what they may do."""

import asyncio
import os
import socket
import time
from pathlib import Path

import aiomqtt
import pytest
from aiomqtt.exceptions import MqttConnectError

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import (
    Account,
    AmqttBroker,
    Broker,
    ExistingBroker,
    choose_broker,
    hash_password,
)
from motelink_tools.hub.broker import choice as choosing
from motelink_tools.hub.broker.ports import accepts

DEADLINE_S = 60
LAMP = ("topic write lamp/state", "topic read lamp/command")


@pytest.fixture(params=[Broker, AmqttBroker])
def kind(request):
    return request.param


def client(broker, user=None, password=None, **options):
    options = {"timeout": DEADLINE_S, **options}
    return aiomqtt.Client(broker.host, broker.port, username=user, password=password, **options)


def hub(broker, **options):
    return client(broker, broker.account.user, broker.account.password, **options)


async def next_of(messages):
    async with asyncio.timeout(DEADLINE_S):
        message = await anext(messages)
        return message.topic.value, message.payload


def run(coroutine):
    async def bounded():
        async with asyncio.timeout(3 * DEADLINE_S):
            await coroutine

    asyncio.run(bounded())


def test_each_user_does_what_it_may(kind):
    async def use():
        async with hub(broker) as everywhere, client(broker, "lamp", "secret") as lamp:
            await everywhere.subscribe("#")
            await lamp.subscribe("#")
            for topic in ("lamp/command", "other/state", "lamp/state"):
                await lamp.publish(topic, "from lamp", qos=1)
            assert await next_of(everywhere.messages) == ("lamp/state", b"from lamp")
            for topic in ("lamp/state", "other/command", "lamp/command"):
                await everywhere.publish(topic, "from hub", qos=1)
            assert await next_of(lamp.messages) == ("lamp/command", b"from hub")

    with kind(anonymous=False, account="hub") as broker:
        broker.grant("lamp", "secret", LAMP)
        run(use())


def test_only_those_who_are_known_get_in(kind):
    async def refused(user, password):
        with pytest.raises(MqttConnectError):
            async with client(broker, user, password):
                pass

    async def use():
        await refused("lamp", "wrong")
        await refused("stranger", "secret")
        await refused(None, None)
        async with client(broker, "lamp", "secret"):
            pass

    with kind(anonymous=False, account="hub") as broker:
        broker.grant("lamp", hash_password("secret"), LAMP)
        run(use())


def test_users_come_and_go_while_it_runs(kind):
    async def use():
        async with client(broker, "first", "1") as first:
            await asyncio.to_thread(broker.grant, "second", "2", LAMP)
            async with client(broker, "second", "2"):
                await asyncio.to_thread(broker.grant, "second", "3", LAMP)
            with pytest.raises(MqttConnectError):
                async with client(broker, "second", "2"):
                    pass
            await first.publish("still/there", qos=1)
            await asyncio.to_thread(broker.revoke, "first")
            with pytest.raises(aiomqtt.MqttError):
                async with asyncio.timeout(DEADLINE_S):
                    await anext(first.messages)
            with pytest.raises(MqttConnectError):
                async with client(broker, "first", "1"):
                    pass

    with kind(anonymous=False) as broker:
        broker.grant("first", "1", ["topic readwrite #"])
        run(use())


def test_many_users_at_once(kind):
    async def use():
        async def enter(name):
            await asyncio.to_thread(broker.grant, name, name, LAMP)
            async with client(broker, name, name):
                pass

        await asyncio.gather(*(enter(f"lamp {number}") for number in range(20)))

    with kind(anonymous=False) as broker:
        run(use())


def test_anonymous_clients_and_websocket(kind):
    async def use():
        web = aiomqtt.Client(
            broker.host, broker.ws_port, transport="websockets", websocket_path="/"
        )
        async with web, client(broker) as plain:
            await web.subscribe("a/+", qos=2)
            await plain.publish("a/b", b"\0\xff", qos=2)
            assert await next_of(web.messages) == ("a/b", b"\0\xff")

    with kind(ws_port=0) as broker:
        assert broker.account is None
        run(use())


def test_what_pages_may_not_do(tmp_path):
    def web(user=None):
        where = {"transport": "websockets", "websocket_path": "/", "timeout": DEADLINE_S}
        password = "secret" if user else None
        return aiomqtt.Client(
            broker.host, broker.ws_port, username=user, password=password, **where
        )

    async def use():
        broker.grant("gui", "secret", ("topic readwrite #",))  # after the start: a reload
        async with client(broker) as plain, web() as page, web("gui") as gui:
            await plain.subscribe("#", qos=1)
            for publisher, topic in ((page, "api/req/1"), (gui, "api/req/2"), (page, "data")):
                await publisher.publish(topic, "x", qos=1)
            assert await next_of(plain.messages) == ("api/req/2", b"x")
            assert await next_of(plain.messages) == ("data", b"x")
            await plain.publish("api/req/3", "x", qos=1)
            assert await next_of(plain.messages) == ("api/req/3", b"x")

    options = {"ws_port": 0, "anonymous": True, "ws_deny": ["api/req/#"], "folder": tmp_path}
    with Broker(**options) as broker:
        run(use())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_mosquitto_listens_on_its_host_alone(host):
    with Broker(ws_port=0, host=host) as broker:
        for port in (broker.port, broker.ws_port):
            assert accepts(host, port)
            assert not accepts("127.0.0.2", port)


@pytest.mark.parametrize("port", [0, 1999])
def test_hosts_that_are_not_there(kind, port):
    for host in ("nobody.invalid", "192.0.2.77"):
        with (
            pytest.raises(ToolError, match=f"cannot listen on {host}.*: .") as error,
            kind(port, host=host),
        ):
            pass
        assert error.value.kind == "cannot_listen"


@pytest.mark.parametrize("more", [{}, {"ws_port": 0, "anonymous": True, "ws_deny": ["api/#"]}])
def test_a_session_that_was_restored_misses_nothing(tmp_path, more):
    def reader():
        return client(broker, identifier="reader", clean_session=False)

    async def subscribe():
        async with reader() as away:
            await away.subscribe("a", qos=2)

    async def publish_and_read():
        async with client(broker) as publisher:
            await publisher.publish("a", "while away", qos=2)
        async with reader() as back:
            assert await next_of(back.messages) == ("a", b"while away")

    with Broker(folder=tmp_path, **more) as broker:
        run(subscribe())
        broker.stop()
        broker.start()
        run(publish_and_read())


def test_who_comes_and_goes_is_told_in_the_same_words(kind):
    async def use():
        async with hub(broker, identifier="hub") as watcher:
            await watcher.subscribe("$SYS/broker/log/#")
            async with client(broker, "lamp", "secret", identifier="lamp-1"):
                pass
            seen = ""
            while "Client lamp-1 disconnected." not in seen:
                seen += (await next_of(watcher.messages))[1].decode()
            assert "New client connected from 127.0.0.1:" in seen
            assert "as lamp-1 (p2, c1, k60, u'lamp')." in seen

    with kind(anonymous=False, account="hub") as broker:
        broker.grant("lamp", "secret", LAMP)
        run(use())


def test_a_taken_port_is_said(kind):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for options in ({"port": port}, {"ws_port": port}):
            complaint = f":{port}: Address.* choose another"
            with pytest.raises(ToolError, match=complaint), kind(**options):
                pass


def test_its_folder_outlives_it_and_shows_no_password(tmp_path):
    async def keep():
        async with hub(broker) as everywhere:
            await everywhere.publish("a", b"kept", qos=1, retain=True)

    async def find():
        async with hub(broker) as everywhere:
            await everywhere.subscribe("a")
            assert await next_of(everywhere.messages) == ("a", b"kept")

    for step in (keep, find):
        with Broker(anonymous=False, account="hub", folder=tmp_path / "broker") as broker:
            broker.grant("lamp", "a secret of its own", LAMP)
            run(step())
            content = b"".join(
                file.read_bytes() for file in (tmp_path / "broker").iterdir() if file.is_file()
            )
            assert b"a secret of its own" not in content
            assert broker.account.password.encode() not in content
            assert broker.account.password not in repr(broker.account)
            command = Path(f"/proc/{broker.pid}/cmdline")
            if command.exists():  # only Linux has it
                assert b"secret" not in command.read_bytes()
    assert (tmp_path / "broker" / "users").stat().st_mode & 0o77 == 0


def test_it_is_started_again_when_it_dies():
    said = []

    async def use():
        keeping = asyncio.create_task(broker.keep())
        os.kill(broker.pid, 9)
        while not said or not accepts(broker.host, broker.port):
            await asyncio.sleep(0.02)
        async with client(broker, "lamp", "secret"):
            pass
        keeping.cancel()

    with Broker(anonymous=False, say=said.append) as broker:
        broker.grant("lamp", "secret", LAMP)
        run(use())
    assert said == [f"mosquitto on port {broker.port} ended by itself (status -9); starting it"]


def test_one_whose_hub_was_killed_is_ended_first(tmp_path):
    orphan = Broker(folder=tmp_path)
    orphan.start()
    try:
        with Broker(orphan.port, folder=tmp_path):
            end = time.monotonic() + DEADLINE_S
            while orphan._process.poll() is None:
                assert time.monotonic() < end
                time.sleep(0.01)
    finally:
        orphan.close()


@pytest.mark.parametrize("source", ["environment", "file"])
def test_an_existing_broker_by_its_address(source, tmp_path, monkeypatch):
    async def use():
        async with hub(existing) as everywhere:
            await everywhere.publish("a", qos=1)

    with Broker(users={"the hub": "its secret"}) as broker:
        file = None
        if source == "file":
            file = tmp_path / "password"
            file.write_text("its secret\n")
        else:
            monkeypatch.setenv("MOTELINK_BROKER_PASSWORD", "its secret")
        existing = ExistingBroker(f"mqtt://the%20hub@127.0.0.1:{broker.port}", file)
        assert existing.account == Account("the hub", "its secret")
        existing.start()
        run(use())
        with pytest.raises(ToolError, match="not the hub's: let 'lamp' in there, with: topic w"):
            existing.grant("lamp", "secret", LAMP)
        existing.close()
    with pytest.raises(ToolError, match="no broker answers at 127"):
        existing.start()


def test_addresses_that_cannot_be(monkeypatch, tmp_path):
    monkeypatch.delenv("MOTELINK_BROKER_PASSWORD", raising=False)
    for url, complaint in (
        ("mqtt://u:p@host", "can be read by everybody"),
        ("http://host", "expected a broker as mqtt://"),
        ("mqtt://", "expected a broker as mqtt://"),
        ("mqtt://host:x", "expected a broker as mqtt://"),
        ("mqtt://u@host", "needs a password"),
    ):
        with pytest.raises(ToolError, match=complaint):
            ExistingBroker(url)
    with pytest.raises(ToolError, match="cannot read"):
        ExistingBroker("mqtt://u@host", tmp_path / "none")
    assert ExistingBroker("mqtt://host").port == 1883


def test_without_mosquitto_amqtt_is_taken_and_said(monkeypatch, tmp_path):
    def nothing(*arguments, **options):
        raise ToolError("mosquitto is not installed", kind="no_mosquitto")

    monkeypatch.setattr(choosing, "Broker", nothing)
    said = []
    broker = choose_broker(0, account="hub", anonymous=True, folder=tmp_path, say=said.append)
    assert isinstance(broker, AmqttBroker)
    assert said[0].startswith("mosquitto is not installed. Until then amqtt")

    more = {"account": "hub", "folder": tmp_path, "say": said.append, "ws_port": 0}
    for anonymous, ws in ((True, False), (False, True)):  # with names it may be open
        broker = choose_broker(0, anonymous=anonymous, ws_deny=["api/#"], **more)
        assert (broker.ws_port is not None) == ws
