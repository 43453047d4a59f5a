"""A local Losant on a real broker, and devices that speak as its scenes want it."""

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager

import aiomqtt

from motelink_tools.hub.broker import AmqttBroker, Broker
from motelink_tools.hub.losant.server import BROKER_OPTIONS, Losant
from motelink_tools.hub.registry import Registry

DEADLINE_S = 60


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
    async with asyncio.timeout(DEADLINE_S):
        with contextlib.suppress(aiomqtt.MqttError):
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(anext(client.messages), 1)
                # The library does not tell of an end that came while it was connecting.
                await client.unsubscribe("none")


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


def play(folder, scene, make_broker=mosquitto):
    """Run a scene, given the platform."""

    async def bounded():
        async with asyncio.timeout(3 * DEADLINE_S):
            async with Platform(folder, make_broker) as platform:
                await scene(platform)

    asyncio.run(bounded())
