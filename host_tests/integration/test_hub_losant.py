"""The local Losant on real brokers: what it stores, whom it lets in, what it survives."""

import asyncio
import contextlib
import json
import os

import aiomqtt
import pytest
from aiomqtt.exceptions import MqttConnectError

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import Broker

from .certificates import Authority
from .losant_world import DEADLINE_S, Platform, amqtt, ended, leaving, mosquitto, play, until


@pytest.mark.parametrize("kind", ["mosquitto", "websocket", "amqtt"])
def test_states_come_in_and_commands_go_out(tmp_path, kind):
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

    play(tmp_path, scene, amqtt if kind == "amqtt" else mosquitto)


def test_wrong_secrets_are_refused(tmp_path):
    async def scene(platform):
        for password in ("wrong", platform.other_secret, "", None):
            with pytest.raises(MqttConnectError, match="Not authorized"):
                async with platform.device(password=password):
                    pass
        assert platform.registry.devices() == []
        await platform.heard("refused a client: wrong access key or secret")

    play(tmp_path, scene)


def test_a_device_reaches_its_own_topics_alone(tmp_path):
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

    play(tmp_path, scene)


def test_what_is_no_state_is_counted_and_said(tmp_path):
    async def scene(platform):
        async with platform.device() as lamp:
            for payload in (b"{", b"", b'{"data": 1}'):
                await lamp.publish(platform.topic(), payload, qos=1)
            await platform.send(lamp, {})
            await platform.stored(1)
        assert platform.losant.refused == {platform.lamp.id: 3}
        assert platform.said[-1].startswith("losant: lamp: refused a message on state: expected")

    play(tmp_path, scene)


def test_attributes_that_a_device_does_not_have_are_left_out(tmp_path):
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

    play(tmp_path, scene)


def test_a_removed_device_is_out_at_once(tmp_path):
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

    play(tmp_path, scene)


def test_devices_are_known_after_a_restart_and_old_states_forgotten(tmp_path):
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

    play(tmp_path, first)


def test_it_survives_its_broker(tmp_path):
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

    play(tmp_path, scene)


def test_tls(tmp_path):
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

    play(tmp_path, scene, lambda folder, say: mosquitto(folder, say, options))
