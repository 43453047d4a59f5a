"""iottalk-py 2.3.1, the platform's own client, on the IoTtalk server of the hub."""

import asyncio
import os
import signal
from pathlib import Path

from motelink_tools.hub.broker import Broker

from .csm_world import KETTLE, iottalk_py, run, world

DAN = Path(__file__).with_name("csm_dan.py")
SQUARE = "def run(x): return x ** 2\n"
SQUARE_DIGEST = "70e3d32f1c6abde67d607e3ce77dc286ecf5d0f42fcd18e6336fac5e19a6e07c"
SA = """
import json
api_url = {url!r}
device_model = "Cat"
device_addr = "C860008BD249"
device_name = "Tom"
push_interval = 0.05
idf_list = ["Dummy_Sensor", ("Pair-I", ["a", "b"])]
odf_list = [("Dummy-Control", [None])]

def on_register(dan):
    print(json.dumps({{"event": "registered"}}), flush=True)

def on_deregister(dan):
    print(json.dumps({{"event": "deregistered"}}), flush=True)

def Dummy_Sensor():
    return 7

def Pair_I():
    return [1, 2]

def Dummy_Control(data):
    print(json.dumps({{"data": data}}), flush=True)
"""
MAC = "00000000-0000-0000-0000-c860008bd249"


async def joined(gui, device=KETTLE, idf="meow", odf="meow"):
    """Link the two with a function between them."""
    for request in (
        {"op": "attach"},
        {"op": "add_funcs", "codes": [SQUARE], "digests": [SQUARE_DIGEST]},
        {"op": "add_link", "da_id": device, "idf": idf, "func": None},
        {"op": "add_link", "da_id": device, "odf": odf, "func": None},
        {"op": "set_join", "prev": None, "new": SQUARE_DIGEST},
    ):
        reply = await gui.ask("graph/7", **request)
        assert reply["state"] == "ok", reply


async def unlinked(w, gui, cat, device=KETTLE, idf="meow", odf="meow"):
    """Remove the link of an idf, and wait until the device has nothing under way.

    Any acknowledgement that arrives while it deregisters makes iottalk-py hang for ever.
    """
    async with w.listening(f"{device}/ctrl/#") as control:
        reply = await gui.ask("graph/7", op="rm_link", da_id=device, idf=idf)
        assert reply["state"] == "ok"
        while (await control.next())[1].get("state") != "ok":
            pass
    # The broker has acknowledged its answer before it passes this on.
    await gui.say(w.csm.core.channels.topic((device, "odf", odf)), ["settled"])
    await cat.next(data=["settled"])


async def pushed(cat, value, expected):
    """Push one value, and get what comes of it; either may be printed first."""
    await cat.tell(push=value)
    wanted = [{"pushed": True}, {"feature": "meow", "data": [expected]}]
    while wanted:
        found = await cat.next()
        if found in wanted:  # or one more CONNECT
            wanted.remove(found)


def test_dan_registers_pushes_receives_and_leaves(tmp_path):
    async def body():
        async with (
            world(tmp_path) as w,
            w.listening("iottalk/api/res/#") as gui,
            iottalk_py(DAN, w.url, KETTLE) as cat,
        ):
            assert (await cat.next(event="registered"))["name"] == "00.Cat"
            await w.until(w.connected)
            await joined(gui)
            await cat.next(signal="CONNECT")
            await cat.next(signal="CONNECT")
            # It subscribes after it has said so.
            await w.until(lambda: all(c.answer == "ok" for c in channels(w)))
            for value, expected in ((3, 9), (4.5, 20.25), ([2], 4)):
                await pushed(cat, value, expected)
            await unlinked(w, gui, cat)
            await cat.tell(push=1)
            assert await cat.next(pushed=False)
            await cat.tell(deregister=True)
            await cat.next(event="deregistered")
            assert (await w.http("GET", KETTLE)).status_code == 404
            assert not w.connected()
            assert await cat.process.wait() == 0

    run(body)


def channels(w):
    return list(w.csm.core.channels.of_device(KETTLE))


def test_dan_and_server_find_each_other_after_the_broker_restarts(tmp_path):
    async def body():
        broker = Broker()
        broker.start()
        try:
            async with world(tmp_path, broker) as w, iottalk_py(DAN, w.url, KETTLE) as cat:
                await cat.next(event="registered")
                async with w.listening("iottalk/api/res/#") as gui:
                    await joined(gui)
                rev = (await w.http("GET", KETTLE)).json()["rev"]
                await asyncio.to_thread(broker.kill)
                await cat.next(event="disconnected")
                await asyncio.to_thread(broker.start)
                await cat.next(event="connected")
                await cat.next(signal="CONNECT")
                await cat.next(signal="CONNECT")
                await w.until(lambda: all(c.answer == "ok" for c in channels(w)))
                await pushed(cat, 5, 25)
                assert (await w.http("GET", KETTLE)).json()["rev"] == rev
        finally:
            broker.close()

    run(body)


def test_dan_does_not_notice_that_the_server_restarts(tmp_path):
    async def body():
        broker = Broker()
        broker.start()
        try:
            async with world(tmp_path, broker) as w, iottalk_py(DAN, w.url, KETTLE) as cat:
                await cat.next(event="registered")
                async with w.listening("iottalk/api/res/#") as gui:
                    await joined(gui)
                await cat.next(signal="CONNECT")
                await w.csm.close()
                async with world(tmp_path, broker) as again:
                    await again.until(again.connected)
                    await again.until(lambda: all(c.answer == "ok" for c in channels(again)))
                    await pushed(cat, 6, 36)
        finally:
            broker.close()

    run(body)


def test_an_sa_file_of_dai(tmp_path):
    async def body():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui:
            sa = tmp_path / "sa.py"
            sa.write_text(SA.format(url=w.url))
            async with iottalk_py("-m", "iottalkpy.dai", sa) as cat:
                await cat.next(event="registered")
                await w.until(lambda: w.connected(MAC))
                record = (await w.http("GET", MAC)).json()
                assert record["name"] == "Tom"
                assert record["idf_list"] == [["Dummy_Sensor", [None]], ["Pair-I", ["a", "b"]]]
                await joined(gui, MAC, "Dummy_Sensor", "Dummy-Control")
                await cat.next(data=[49])  # the first ones were not squared yet
                await cat.next(data=[49])
                await unlinked(w, gui, cat, MAC, "Dummy_Sensor", "Dummy-Control")
                os.killpg(cat.process.pid, signal.SIGINT)  # as Ctrl-C does
                await cat.next(event="deregistered")
                assert (await w.http("GET", MAC)).status_code == 404

    run(body)
