"""The hub's SEPL platform, and a gateway whose messages are said by hand."""

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager

from websockets.asyncio.client import connect

from motelink.sepl_device import Device, local_hash
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.sepl import Sepl

DEADLINE_S = 60
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
