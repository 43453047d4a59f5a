"""A hub with all five platforms, in a thread, with devices that do what a test says."""

import asyncio
import contextlib
import json
import threading
import uuid

import aiomqtt
import requests
from websockets.asyncio.client import connect

from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.platforms import commute, iottalk, losant, manager, sepl
from motelink_tools.hub.app.settings import Configuration, HubSettings

from .manager_device import Device as ManagerDevice
from .manager_device import wait_for

DEADLINE_S = 60
SETTINGS = {
    "manager": manager.Settings(port=0, types=("lamp", "meter"), heartbeat_rate=600),
    "losant": losant.Settings(port=0, ws_port=0),
    "iottalk": iottalk.Settings(port=0, ws_port=0, http_port=0),
    "sepl": sepl.Settings(port=0),
    "commute": commute.Settings(port=0),
}


class World:
    """A context manager. ``only``: some platforms; ``page_port``: 0 takes a free one; the rest is
    for `HubSettings`.
    """

    def __init__(self, folder, only=tuple(SETTINGS), page_port=0, **options):
        platforms = {name: SETTINGS[name] for name in only}
        settings = HubSettings(folder=folder, page_port=page_port, **options)
        self.said = []
        self.hub = Hub(Configuration(settings, platforms), self.said.append)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._devices = contextlib.ExitStack()

    def __enter__(self):
        self._thread.start()
        try:
            self.run(self.hub.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        self._devices.close()
        self.run(self.hub.__aexit__(None, None, None))
        self._end()

    def _end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @property
    def url(self):
        return self.hub.page.address

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(DEADLINE_S)

    def call(self, platform, name, /, **arguments):
        return self.run(self.hub.platforms[platform].calls()[name](**arguments))

    def address(self, platform, purpose):
        return self.hub.platforms[platform].addresses()[purpose]

    def connected(self, platform, device):
        found = self.hub.registry.device(platform, device)
        return found is not None and found.connected

    def get(self, path, **options):
        return requests.get(self.url + path, timeout=DEADLINE_S, **options)

    def post(self, path, body, **headers):
        headers = {"X-Motelink": "test", **headers}
        return requests.post(self.url + path, json=body, headers=headers, timeout=DEADLINE_S)

    # -- devices ---------------------------------------------------------------------------

    def manager_device(self, data='{"room": "attic"}', **options):
        """On a plain socket; with the answer to getinfo alone."""
        port = int(next(iter(self.hub.platforms["manager"].addresses().values())).split(":")[-1])
        device = ManagerDevice(type("Where", (), {"port": port}), **options)
        self._devices.callback(device.socket.close)
        device.identify(data)
        wait_for(lambda: self.connected("manager", device.uuid))
        return device

    def start(self, device):
        """Run a device of the classes below, until the world ends."""
        self.run(device.start(self))
        self._devices.callback(lambda: self.run(device.stop()))
        return device


class Worked:
    """A device that runs in the world's loop. ``got``: what was said to it."""

    def __init__(self):
        self.got = []

    async def start(self, world):
        ready = asyncio.Event()
        self._task = asyncio.create_task(self.work(world, ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def stop(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class LosantDevice(Worked):
    def __init__(self, made):
        super().__init__()
        self.made = made

    async def work(self, world, ready):
        made, port = self.made, int(world.address("losant", "mqtt").rpartition(":")[2])
        async with aiomqtt.Client(
            "127.0.0.1",
            port,
            identifier=made["id"],
            username=made["key"],
            password=made["secret"],
        ) as self.client:
            await self.client.subscribe(f"losant/{made['id']}/command")
            ready.set()
            async for message in self.client.messages:
                self.got.append(json.loads(message.payload))

    async def state(self, data):
        await self.client.publish(f"losant/{self.made['id']}/state", json.dumps({"data": data}), 1)


class IottalkDevice(Worked):
    def __init__(self, name="kettle", idf="temp-I", odf="lamp-O", unit="°C", profile=None):
        super().__init__()
        self.id, self.name, self.idf, self.odf, self.unit = str(uuid.uuid4()), name, idf, odf, unit
        self.profile = profile or {"model": "Kettle"}
        self.topics = {}

    async def work(self, world, ready):
        body = {
            "name": self.name,
            "accept_protos": ["mqtt"],
            "idf_list": [[self.idf, [self.unit]]],
            "odf_list": [[self.odf, [None]]],
            "profile": self.profile,
        }
        url = f"{world.address('iottalk', 'registration')}/{self.id}"
        answer = await asyncio.to_thread(lambda: requests.put(url, json=body, timeout=DEADLINE_S))
        online = {"state": "online", "rev": answer.json()["rev"]}
        port = int(world.address("iottalk", "mqtt").rpartition(":")[2])
        async with aiomqtt.Client("127.0.0.1", port) as self.client:
            await self.client.subscribe(f"{self.id}/ctrl/o", 2)
            await self.client.publish(f"{self.id}/ctrl/i", json.dumps(online), 2)
            ready.set()
            async for message in self.client.messages:
                await self._take(str(message.topic), json.loads(message.payload))

    async def _take(self, topic, said):
        if topic != f"{self.id}/ctrl/o":
            self.got.append(said)
            return
        feature = said.get("idf") or said.get("odf")
        self.topics[feature] = said["topic"]
        if said["command"] == "CONNECT" and "odf" in said:
            await self.client.subscribe(said["topic"], 2)
        answer = json.dumps({"state": "ok", "msg_id": said["msg_id"]})
        await self.client.publish(f"{self.id}/ctrl/i", answer, 2)

    async def push(self, *values):
        await self.client.publish(self.topics[self.idf], json.dumps(values), 2)


class SeplGateway(Worked):
    """With one device; it responds to a command with its value, as it came."""

    def __init__(self, password, uri="lamp", name="Lamp"):
        super().__init__()
        self.password, self.uri, self.name, self.gid = password, uri, name, ""

    async def work(self, world, ready):
        async with connect(world.address("sepl", "websocket")) as self.socket:
            await self._say({"user": "me", "pw": self.password, "gid": ""})
            self.gid = json.loads(await self.socket.recv())["payload"]["gid"]
            device = {"uri": self.uri, "iot_type": "t", "name": self.name, "tags": []}
            await self.request("put", device)
            ready.set()
            async for frame in self.socket:
                said = json.loads(frame)
                if said["handler"] == "command":
                    self.got.append(said["payload"])
                    parts = said["payload"]["protocol_parts"]
                    await self.request("response", {"protocol_parts": parts}, said["token"])

    async def request(self, handler, payload, token="t"):
        await self._say({"status": 200, "handler": handler, "token": token, "payload": payload})

    async def event(self, service, value):
        parts = [{"name": "body", "value": value}]
        event = {"device_uri": self.uri, "service_uri": service, "value": parts}
        await self.request("event", event)

    async def _say(self, message):
        await self.socket.send(json.dumps(message))


class CommuteDevice(Worked):
    def __init__(self, name, key):
        super().__init__()
        self.name, self.key = name, key

    async def work(self, world, ready):
        root = world.address("commute", "websocket root")
        url = f"{root}?{requests.compat.urlencode({'device': self.name, 'key': self.key})}"
        async with connect(url + "&side=device") as self.socket:
            ready.set()
            async for frame in self.socket:
                self.got.append(json.loads(frame))

    async def put(self, sensor, value):
        status = {"sensor": sensor, "value": value}
        await self.socket.send(json.dumps({"method": "put", "status": status}))
