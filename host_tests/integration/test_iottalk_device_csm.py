"""motelink.iottalk with the IoTtalk server of the hub: graphs, restarts, credentials, SA files."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from collector import interpreters
from motelink_tools.hub.broker import Broker
from motelink_tools.hub.broker.ports import free_port
from motelink_tools.hub.csm import Csm
from motelink_tools.hub.registry import Registry

from .csm_world import World, program
from .device_process import CPYTHON, Device, Runtime

COUNTS = Path(__file__).with_name("iottalk_device.py")
DUMMY = Path(__file__).with_name("iottalk_sa_device.py")
KETTLE = "3c1d9f0e-7b52-4a0e-9d57-0a4f3e6b2211"
MAC = "00000000-0000-0000-0000-c860008bd249"
SOON = (2, 1000)  # seconds, after which the server is asked; milliseconds to wait for an answer
DEADLINE_S = 60


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest, library: Path) -> Runtime:
    return Runtime(request.param, library)


def device(runtime: Runtime, program: Path, *arguments: object) -> Device:
    return Device(runtime, program, *arguments, heap="96k")


def run(body: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(body(), DEADLINE_S))


async def link(world: World, device: str, idf: str, odf: str, account: Any = None) -> None:
    """Once it is known: its data go to itself."""
    await world.until(lambda: world.connected(device))
    async with world.listening("iottalk/api/res/#", account=account) as gui:
        for request in (
            {"op": "attach"},
            {"op": "add_link", "da_id": device, "idf": idf, "func": None},
            {"op": "add_link", "da_id": device, "odf": odf, "func": None},
        ):
            reply = await gui.ask("graph/7", **request)
            assert reply["state"] == "ok", reply


async def line(running: Device, start: str) -> str:
    return await asyncio.to_thread(running.wait_for, start)


def test_broker_and_server_come_and_go(runtime: Runtime, tmp_path: Path) -> None:
    port = free_port()

    async def body() -> None:
        with (
            Broker() as broker,
            device(runtime, COUNTS, f"http://127.0.0.1:{port}", "stay", *SOON) as running,
        ):

            @asynccontextmanager
            async def server(database: str) -> AsyncIterator[World]:
                registry = Registry()
                async with Csm(
                    tmp_path / database, registry, "127.0.0.1", broker.port, http_port=port
                ) as csm:
                    yield World(broker, csm, registry)

            async with server("one.db") as world:
                rev = await line(running, "online")
                await link(world, KETTLE, "Celsius-I", "Heater-O")
                await line(running, "back")
                await asyncio.to_thread(broker.stop)
                await asyncio.to_thread(broker.start)
                assert await line(running, "online") == rev
                await line(running, "back")
            # It knows the device, and its links, from before.
            async with server("one.db") as world:
                await world.until(lambda: came_back(world.registry) > 3)
            # This one has never heard of it.
            async with server("other.db") as world:
                assert await line(running, "online") != rev
                await link(world, KETTLE, "Celsius-I", "Heater-O")
                await line(running, "back")

    run(body)


def came_back(registry: Registry) -> int:
    """How many numbers the server has sent to the device."""
    known = registry.device("iottalk", KETTLE)
    return known.messages_out if known else 0


def test_credentials_come_with_the_registration(runtime: Runtime, tmp_path: Path) -> None:
    account = ("hub", "hub-password")
    everything = ["user hub", "topic readwrite #"]

    async def body() -> None:
        registry = Registry()
        with Broker(users=dict([account]), acl=everything) as broker:
            async with Csm(
                tmp_path / "csm.db",
                registry,
                "127.0.0.1",
                broker.port,
                account=account,
                http_port=0,
                grant=broker.grant,
            ) as csm:
                world = World(broker, csm, registry)
                with device(runtime, COUNTS, world.url, "locked") as running:
                    await link(world, KETTLE, "Celsius-I", "Heater-O", account)
                    found = await asyncio.to_thread(running.result)
                assert (found["back"], found["errors"]) == (30, 0)
                assert (await world.http("GET", KETTLE)).status_code == 404

    run(body)


def test_an_sa(runtime: Runtime, tmp_path: Path) -> None:
    async def body() -> None:
        registry = Registry()
        with Broker() as broker:
            async with Csm(
                tmp_path / "csm.db", registry, "127.0.0.1", broker.port, http_port=0
            ) as csm:
                world = World(broker, csm, registry)
                with device(runtime, DUMMY, world.url) as running:
                    await line(running, "register successfully")
                    found = (await world.http("GET", MAC)).json()
                    assert found["name"] == "Dummy_Test"
                    assert found["idf_list"] == [["DummySensor-I", [None]], ["Quiet-I", [None]]]
                    await link(world, MAC, "DummySensor-I", "DummyControl-O")
                    assert await line(running, "known") == "True"
                    await line(running, "gone")
                assert (await world.http("GET", MAC)).status_code == 404

    run(body)


SA = """\
import random

from iottalkpy.dan import NoData

api_url = 'http://localhost:1'
device_model = 'Dummy_Device'
idf_list = ['DummySensor-I']
odf_list = ['DummyControl-O']
push_interval = 0.05
interval = {}
profile = {'n': 7}

def on_register(dan):
    print('{"event": "registered", "id": "%s"}' % dan.context.id, flush=True)

def DummySensor_I():
    return random.randint(0, 100)

def DummyControl_O(data: list):
    print('{"data": %d}' % data[0], flush=True)
"""


def test_motelink_iottalk_run(tmp_path: Path) -> None:
    async def body() -> None:
        registry = Registry()
        (tmp_path / "sa.py").write_text(SA)
        command = (sys.executable, "-u", "-m", "motelink_tools", "iottalk", "run")
        with Broker() as broker:
            async with Csm(
                tmp_path / "csm.db", registry, "127.0.0.1", broker.port, http_port=0
            ) as csm:
                world = World(broker, csm, registry)
                async with program(*command, tmp_path / "sa", "--url", world.url) as running:
                    name = (await running.next(event="registered"))["id"]
                    profile = (await world.http("GET", name)).json()["profile"]
                    assert profile == {
                        "model": "Dummy_Device",
                        "n": 7,
                        "u_name": None,
                        "extra_setup_webpage": "",
                        "device_webpage": "",
                    }
                    await link(world, name, "DummySensor-I", "DummyControl-O")
                    while "data" not in await running.next():
                        pass
                    running.process.terminate()
                    assert await running.process.wait() == 143
                assert (await world.http("GET", name)).status_code == 404

    run(body)
