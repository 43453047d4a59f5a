"""The IoTtalk server on a real mosquitto, and those who talk to it."""

import asyncio
import json
import os
import socket
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomqtt
import requests

from motelink_tools.hub.broker import Broker
from motelink_tools.hub.csm import Csm
from motelink_tools.hub.registry import Registry

KETTLE = "3c1d9f0e-7b52-4a0e-9d57-0a4f3e6b2211"
DEADLINE_S = 60
PEER = Path(sys.prefix) / "peers" / "iottalk"


def run(body):
    asyncio.run(asyncio.wait_for(body(), DEADLINE_S))


def body(**changes):
    """Of a PUT."""
    whole = {
        "accept_protos": ["mqtt"],
        "idf_list": [["meow", ["dB"]]],
        "odf_list": [["meow", ["dB"]]],
        "profile": {"model": "Cat"},
    }
    return {**whole, **changes}


def workers():
    """Workers of this process that run."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if int(parent) == os.getpid() and b"csm.esm.worker" in command:
            found.append(int(folder.name))
    return found


class World:
    def __init__(self, broker, csm, registry):
        self.broker = broker
        self.csm = csm
        self.registry = registry

    @property
    def url(self):
        return f"http://127.0.0.1:{self.csm.port}"

    async def http(self, method, path, **more):
        """A response of requests."""
        return await asyncio.to_thread(
            requests.request, method, f"{self.url}/{path}", timeout=DEADLINE_S, **more
        )

    async def until(self, condition):
        while not condition():
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def listening(self, *filters, account=None):
        """Yields a Listener to what is published there."""
        user, password = account or (None, None)
        async with aiomqtt.Client(
            self.broker.host,
            self.broker.port,
            username=user,
            password=password,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        ) as client:
            for topic in filters:
                await client.subscribe(topic, qos=2)
            yield Listener(client)

    def connected(self, device=KETTLE):
        known = self.registry.device("iottalk", device)
        return known is not None and known.connected


class Listener:
    def __init__(self, client):
        self.client = client

    async def next(self):
        """Topic and object of the next message."""
        message = await anext(self.client.messages)
        return str(message.topic), json.loads(message.payload)

    async def ask(self, graph, **request):
        """A request of client "gui"; its reply. Listen to ``iottalk/api/res/#`` only."""
        topic = f"iottalk/api/req/gui/{graph}"
        await self.client.publish(topic, json.dumps(request), qos=2)
        while True:
            topic, reply = await self.next()
            if topic == f"iottalk/api/res/gui/{graph}" and reply["op"] == request["op"]:
                return reply

    async def say(self, topic, value, *, retain=False):
        await self.client.publish(topic, json.dumps(value), qos=2, retain=retain)


@asynccontextmanager
async def world(path, broker=None, **options):
    """A World on a broker of its own, or on one that is given."""
    own = None if broker else Broker()
    try:
        if own:
            own.start()
        used = broker or own
        registry = Registry()
        async with Csm(
            path / "csm.db", registry, used.host, used.port, http_port=0, **options
        ) as csm:
            yield World(used, csm, registry)
    finally:
        if own:
            own.close()


class Program:
    """A process that prints a JSON object a line; other lines are kept for failures."""

    def __init__(self, process):
        self.process = process
        self.said = []

    async def next(self, **expected):
        """The next object that has these values."""
        while True:
            line = (await self.process.stdout.readline()).decode()
            assert line, f"it ended, having said: {self.said}"
            self.said.append(line)
            if line.startswith("{"):
                found = json.loads(line)
                if expected.items() <= found.items():
                    return found

    async def tell(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        await self.process.stdin.drain()


@asynccontextmanager
async def program(*words, environment=None):
    """A Program, killed at the end if it has not ended."""
    process = await asyncio.create_subprocess_exec(
        *map(str, words),
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        process_group=0,
    )
    try:
        yield Program(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.stdin.close()
        await process.stdout.read()
        await process.wait()


def iottalk_py(*words):
    """A Program that runs with iottalk-py of PyPI."""
    return program(sys.executable, "-u", *words, environment={"PYTHONPATH": str(PEER)})
