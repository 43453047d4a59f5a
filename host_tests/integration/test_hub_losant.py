"""The local Losant on real brokers: what it stores, whom it lets in, what it ends."""

import asyncio
import contextlib
import json
import os
from contextlib import asynccontextmanager

import aiomqtt
import pytest
from aiomqtt.exceptions import MqttConnectError

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import AmqttBroker, Broker
from motelink_tools.hub.losant.server import BROKER_OPTIONS, Losant
from motelink_tools.hub.losant.wire import PAYLOAD_BYTES
from motelink_tools.hub.registry import Registry

from .certificates import Authority

DEADLINE_S = 20


class Platform:
    """A Losant with two devices, and clocks that the test sets."""

    def __init__(self, folder, make_broker):
        self.now, self.wall, self.said = 1000.0, 1_700_000_000.0, []
        self.registry = Registry()
        self.losant = Losant(
            folder,
            make_broker(folder, self.said.append),
            self.registry,
            say=self.said.append,
            now=lambda: self.now,
            wall=lambda: self.wall,
        )

    async def __aenter__(self):
        await self.losant.start()
        self.lamp, self.secret = await self.losant.add("lamp", {})
        self.meter, self.other_secret = await self.losant.add("meter", {"power": "number"})
        return self

    async def __aexit__(self, *_):
        await self.losant.close()

    def device(self, **options):
        """The lamp's client, which speaks as Losant wants it."""
        options = {
            "identifier": self.lamp.id,
            "username": self.lamp.key,
            "password": self.secret,
            "port": self.losant.broker.port,
            "timeout": DEADLINE_S,
            **options,
        }
        return aiomqtt.Client("127.0.0.1", **options)

    async def send(self, client, data, qos=1, **more):
        await client.publish(self.topic(), json.dumps({"data": data, **more}), qos=qos)

    def topic(self, kind="state"):
        return f"losant/{self.lamp.id}/{kind}"

    def states(self):
        return self.losant.records.states(self.lamp.id)

    async def stored(self, count):
        await until(lambda: len(self.states()) >= count)
        return self.states()

    async def heard(self, words):
        await until(lambda: any(words in line for line in self.said))


async def until(condition):
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def ended(client):
    """Wait until the broker ends this connection."""
    with pytest.raises(aiomqtt.MqttError):
        async with asyncio.timeout(DEADLINE_S):
            await anext(client.messages)


@asynccontextmanager
async def leaving(client):
    """As a client that may find, when it leaves, that its connection has ended."""
    await client.__aenter__()
    try:
        yield client
    finally:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def mosquitto(folder, say, options=()):
    return Broker(
        anonymous=False,
        account="hub",
        folder=folder / "broker",
        options=[*BROKER_OPTIONS, *options],
        ws_port=0,
        say=say,
    )


def amqtt(_folder, _say):
    return AmqttBroker(anonymous=False, account="hub")


@pytest.fixture
def play(tmp_path):
    """Run a scene on a Losant with mosquitto."""

    def play(scene, make_broker=mosquitto):
        async def bounded():
            async with asyncio.timeout(3 * DEADLINE_S):
                async with Platform(tmp_path, make_broker) as platform:
                    await scene(platform)

        asyncio.run(bounded())

    return play


@pytest.mark.parametrize("kind", ["mosquitto", "websocket", "amqtt"])
def test_states_come_in_and_commands_go_out(play, kind):
    async def scene(platform):
        ways = {"port": platform.losant.broker.ws_port, "transport": "websockets"}
        async with platform.device(**(ways if kind == "websocket" else {})) as lamp:
            await lamp.subscribe(platform.topic("command"))
            await platform.send(lamp, {"on": True, "level": 0.5})
            await platform.send(lamp, {}, time={"$date": "2016-11-04T19:42:06.710Z"}, qos=0)
            by_time = await platform.stored(2)
            assert [(s.time, s.data) for s in by_time] == [
                (1478288526710, {}),
                (1_700_000_000_000, {"on": True, "level": 0.5}),
            ]
            for name in (platform.lamp.name, platform.lamp.id):
                await platform.losant.command(name, "set", {"level": [1, None]})
                message = await anext(lamp.messages)
                assert (message.qos, message.retain) == (0, False)
                assert json.loads(message.payload) == {
                    "name": "set",
                    "payload": {"level": [1, None]},
                    "time": {"$date": "2023-11-14T22:13:20.000Z"},
                }
            known = platform.registry.device("losant", platform.lamp.id)
            assert (known.kind, known.connected, known.connects) == ("lamp", True, 1)
            assert (known.messages_in, known.messages_out) == (2, 2)
            assert known.address.startswith("127.0.0.1:")
        await until(lambda: not platform.registry.device("losant", platform.lamp.id).connected)
        with pytest.raises(ToolError, match="lamp is not connected, and Losant keeps no"):
            await platform.losant.command("lamp", "set", None)

    play(scene, amqtt if kind == "amqtt" else mosquitto)


def test_wrong_secrets_are_refused(play):
    async def scene(platform):
        for password in ("wrong", platform.other_secret, "", None):
            with pytest.raises(MqttConnectError, match="Not authorized"):
                async with platform.device(password=password):
                    pass
        assert platform.registry.devices() == []

    play(scene)


def test_a_device_reaches_its_own_topics_alone(play):
    async def scene(platform):
        meter = {
            "identifier": platform.meter.id,
            "username": platform.meter.key,
            "password": platform.other_secret,
        }
        async with platform.device() as lamp, platform.device(**meter) as spy:
            await spy.subscribe("#", qos=1)
            await spy.publish(platform.topic(), '{"data": {"forged": true}}', qos=1)
            await spy.publish(platform.topic("command"), '{"name": "forged"}', qos=1)
            await lamp.subscribe(platform.topic("command"))
            await platform.send(lamp, {"n": 1})
            assert [state.data for state in await platform.stored(1)] == [{"n": 1}]
            await platform.losant.command("lamp", "mine", None)
            assert json.loads((await anext(lamp.messages)).payload)["name"] == "mine"
            await platform.losant.command("meter", "first", None)
            assert json.loads((await anext(spy.messages)).payload)["name"] == "first"

    play(scene)


def test_what_is_no_state_is_counted_and_said(play):
    async def scene(platform):
        async with platform.device() as lamp:
            for payload in (b"{", b"", b'{"data": 1}'):
                await lamp.publish(platform.topic(), payload, qos=1)
            await platform.send(lamp, {})
            await platform.stored(1)
        assert platform.losant.refused == {platform.lamp.id: 3}
        assert platform.said[-1].startswith("losant: lamp: refused a message on state: expected")

    play(scene)


def test_attributes_that_a_device_does_not_have_are_left_out(play):
    async def scene(platform):
        meter = platform.device(
            identifier=platform.meter.id,
            username=platform.meter.key,
            password=platform.other_secret,
        )
        async with meter:
            state = '{"data": {"power": 5, "else": 1}}'
            await meter.publish(f"losant/{platform.meter.id}/state", state)
            await platform.heard("'else' is not one of the device's attributes")
        await until(lambda: platform.losant.records.states(platform.meter.id))
        assert platform.losant.records.states(platform.meter.id)[0].data == {"power": 5}

    play(scene)


def test_qos_2_ends_the_connection_and_is_not_stored(play):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            with contextlib.suppress(aiomqtt.MqttError):
                await platform.send(lamp, {"qos": 2}, qos=2)
            await ended(lamp)
        await platform.heard("ended the connection of lamp: it published with QoS 2")
        async with platform.device() as lamp:
            await platform.send(lamp, {"qos": 1})
            assert [state.data for state in await platform.stored(1)] == [{"qos": 1}]

    play(scene)


def test_retained_messages_end_the_connection(play):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            await lamp.publish(platform.topic(), '{"data": {}}', retain=True)
            await ended(lamp)
        will = aiomqtt.Will(platform.topic(), "{}", 0, retain=True)
        with pytest.raises(aiomqtt.MqttError):
            async with platform.device(will=will, timeout=1):
                pass
        assert platform.states() == []

    play(scene)


def test_payloads_up_to_the_limit(play):
    async def scene(platform):
        state = json.dumps({"data": {"text": ""}})
        full = state.replace('""', f'"{"x" * (PAYLOAD_BYTES - len(state))}"')
        async with leaving(platform.device()) as lamp:
            await lamp.publish(platform.topic(), full, qos=1)
            await platform.stored(1)
            with contextlib.suppress(aiomqtt.MqttError):
                await lamp.publish(platform.topic(), full + " " * 64)
            await ended(lamp)
        assert len(platform.states()) == 1

    play(scene)


def test_sessions_that_losant_does_not_have_end(play):
    async def scene(platform):
        for options, reason in (
            ({"clean_session": False}, "lamp: it asked for CleanSession 0"),
            ({"protocol": aiomqtt.ProtocolVersion.V5}, "lamp: it does not speak MQTT 3.1.1"),
            (
                {"identifier": "a name"},
                f"client 'a name': its client id is not its device id, {platform.lamp.id}",
            ),
            (
                {"username": platform.meter.key, "password": platform.other_secret},
                "lamp: its access key is another device's",
            ),
        ):
            async with leaving(platform.device(**options)) as client:
                await ended(client)
            await platform.heard(f"ended the connection of {reason}")
        async with platform.device() as lamp:
            await platform.send(lamp, {})
            await platform.stored(1)

    play(scene)


def test_a_newer_connection_takes_the_place_of_an_older(play):
    async def scene(platform):
        async with leaving(platform.device()) as older, platform.device() as newer:
            await ended(older)
            await platform.send(newer, {})
            await platform.stored(1)
        device = platform.registry.device("losant", platform.lamp.id)
        assert device.connects == 2

    play(scene)


def test_too_many_messages_keep_a_device_out_for_a_while(play):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            for number in range(31):
                with contextlib.suppress(aiomqtt.MqttError):
                    await platform.send(lamp, {"n": number})
            await ended(lamp)
        await platform.heard("lamp: it sent more than 30 messages in 15 s on a topic")
        platform.now += 10
        async with leaving(platform.device()) as lamp:
            await ended(lamp)
        await platform.heard("lamp: it is kept out for 20 s more")
        assert len(platform.states()) == 30
        platform.now += 20
        async with platform.device() as lamp:
            await platform.send(lamp, {"n": "again"})
            assert (await platform.stored(31))[-1].data == {"n": "again"}

    play(scene)


def test_a_removed_device_is_out_at_once(play):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            await platform.send(lamp, {})
            await platform.stored(1)
            await platform.losant.remove("lamp")
            await ended(lamp)
        with pytest.raises(MqttConnectError, match="Not authorized"):
            async with platform.device():
                pass
        assert platform.states() == []

    play(scene)


def test_devices_are_known_after_a_restart_and_old_states_forgotten(tmp_path, play):
    async def first(platform):
        async with platform.device() as lamp:
            await platform.send(lamp, {"n": 1})
            await platform.stored(1)
            platform.wall += 86_400
            await platform.send(lamp, {"n": 2})
            await platform.stored(2)
        again = Platform(tmp_path, lambda folder, say: mosquitto(folder / "again", say))
        again.wall += 30.5 * 86_400
        again.lamp, again.secret = platform.lamp, platform.secret
        await again.losant.start()
        try:
            await until(lambda: [state.data for state in again.states()] == [{"n": 2}])
            async with again.device() as lamp:
                await again.send(lamp, {"n": 3})
                await again.stored(2)
        finally:
            await again.losant.close()

    play(first)


def test_it_survives_its_broker(play):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            await platform.send(lamp, {})
            await platform.stored(1)
            os.kill(platform.losant.broker.pid, 9)
            await platform.heard("ended by itself")
            await ended(lamp)
        await until(lambda: not platform.registry.device("losant", platform.lamp.id).connected)
        async with asyncio.timeout(DEADLINE_S):
            while len(platform.states()) < 2:
                with contextlib.suppress(aiomqtt.MqttError):
                    async with platform.device() as lamp:
                        await platform.send(lamp, {})
                        await asyncio.sleep(0.1)

    play(scene)


def test_tls(play, tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("server", "127.0.0.1")
    with Broker() as probe:
        port = probe.port
    options = [f"listener {port} 127.0.0.1", f"certfile {certificate}", f"keyfile {key}"]

    async def scene(platform):
        tls = aiomqtt.TLSParameters(ca_certs=str(authority.pem))
        async with platform.device(port=port, tls_params=tls) as lamp:
            await platform.send(lamp, {})
            await platform.stored(1)

    play(scene, lambda folder, say: mosquitto(folder, say, options))
