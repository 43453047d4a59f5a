"""Losant's limits on real mosquitto: what ends a connection, and for how long."""

import contextlib
import json

import aiomqtt
import pytest

from motelink_tools.hub.losant.wire import PAYLOAD_BYTES

from .losant_world import ended, leaving, play


def test_qos_2_ends_the_connection_and_is_not_stored(tmp_path):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            with contextlib.suppress(aiomqtt.MqttError):
                await platform.send(lamp, {"qos": 2}, qos=2)
            await ended(lamp)
        await platform.heard("ended the connection of lamp: it published with QoS 2")
        async with platform.device() as lamp:
            await platform.send(lamp, {"qos": 1})
            assert [state.data for state in await platform.stored(1)] == [{"qos": 1}]

    play(tmp_path, scene)


def test_retained_messages_end_the_connection(tmp_path):
    async def scene(platform):
        async with leaving(platform.device()) as lamp:
            await lamp.publish(platform.topic(), '{"data": {}}', retain=True)
            await ended(lamp)
        will = aiomqtt.Will(platform.topic(), "{}", 0, retain=True)
        with pytest.raises(aiomqtt.MqttError):
            async with platform.device(will=will, timeout=1):
                pass
        assert platform.states() == []

    play(tmp_path, scene)


def test_payloads_up_to_the_limit(tmp_path):
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

    play(tmp_path, scene)


def test_sessions_that_losant_does_not_have_end(tmp_path):
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

    play(tmp_path, scene)


def test_a_newer_connection_takes_the_place_of_an_older(tmp_path):
    async def scene(platform):
        async with leaving(platform.device()) as older, platform.device() as newer:
            await ended(older)
            await platform.send(newer, {})
            await platform.stored(1)
        device = platform.registry.device("losant", platform.lamp.id)
        assert device.connects == 2

    play(tmp_path, scene)


def test_too_many_messages_keep_a_device_out_for_a_while(tmp_path):
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

    play(tmp_path, scene)
