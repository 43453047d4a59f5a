"""Values through the IoTtalk server, over real mosquitto; a device written by hand."""

import asyncio
import json
from contextlib import asynccontextmanager
from hashlib import sha256

from motelink_tools.hub.broker import Broker
from motelink_tools.hub.csm.esm.supervisor import Limits

from .csm_world import KETTLE, body, run, workers, world

KEY = (KETTLE, "idf", "meow")
HANGS = """
def run(x):
    while x == "hang":
        try:
            while True:
                pass
        except BaseException:
            pass
    return "seven"
"""


@asynccontextmanager
async def device(w):
    """Online, listening to what comes for it; with its revision as ``rev``."""
    rev = (await w.http("PUT", KETTLE, json=body())).json()["rev"]
    async with w.listening(f"{KETTLE}/ctrl/o", f"iottalk/esm/{KETTLE}/+/o") as cat:
        cat.rev = rev
        await cat.say(f"{KETTLE}/ctrl/i", {"state": "online", "rev": rev}, retain=True)
        await w.until(w.connected)
        yield cat


async def linked(gui, *features, graph="graph/7"):
    """In a new graph."""
    await gui.ask(graph, op="attach")
    for feature in features:
        reply = await gui.ask(graph, op="add_link", da_id=KETTLE, func=None, **feature)
        assert reply["state"] == "ok", reply


async def joined(gui, code, prev=None, graph="graph/7"):
    """Its digest."""
    digest = sha256(code.encode()).hexdigest()
    await gui.ask(graph, op="add_funcs", codes=[code], digests=[digest])
    reply = await gui.ask(graph, op="set_join", prev=prev, new=digest)
    assert reply["state"] == "ok", reply
    return digest


async def value(cat):
    while True:
        topic, found = await cat.next()
        if "/ctrl/" not in topic:
            return found


def test_values_keep_their_order_and_none_is_lost(tmp_path):
    count = 500

    async def whole():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui, device(w) as cat:
            await linked(gui, {"idf": "meow"}, {"odf": "meow"})
            topic = w.csm.core.channels.topic(KEY)
            received = []
            for number in range(count):
                await cat.say(topic, number)
                if number - len(received) > 100:
                    received.append((await value(cat))[0])
            while len(received) < count:
                received.append((await value(cat))[0])
            assert received == list(range(count))
            known = w.registry.device("iottalk", KETTLE)
            assert (known.kind, known.messages_in, known.messages_out) == ("Cat", count, count)

    run(whole)


def test_what_is_retained_on_a_topic_is_not_new(tmp_path):
    async def whole():
        broker = Broker()
        broker.start()
        try:
            async with (
                world(tmp_path, broker) as w,
                w.listening("iottalk/api/res/#") as gui,
                device(w) as cat,
            ):
                await linked(gui, {"idf": "meow"}, {"odf": "meow"})
                topic = w.csm.core.channels.topic(KEY)
                await cat.say(topic, "old", retain=True)
                assert await value(cat) == ["old"]
                await w.csm.close()
                async with world(tmp_path, broker) as again:
                    await again.until(again.connected)
                    await cat.say(topic, "new")
                    assert await value(cat) == ["new"]
        finally:
            broker.close()

    run(whole)


def test_a_monitor_sees_values_and_errors(tmp_path):
    async def whole():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui, device(w) as cat:
            await linked(gui, {"idf": "meow"}, {"odf": "meow"})
            digest = await joined(gui, "def run(x):\n    return 1 / x\n")
            topic = w.csm.core.channels.topic(KEY)
            reply = await gui.ask("graph/7", op="start_monitor")
            async with w.listening(reply["monitor_topics"]) as monitor:
                await cat.say(topic, 4)
                assert await value(cat) == [0.25]
                assert (await monitor.next())[1] == {
                    "op": "monitor_info",
                    "data": {
                        "idf": {"id": [KETTLE, "meow"], "input": [4], "output": [4]},
                        "join": {"input": [4], "output": 0.25},
                        "odf": [{"id": [KETTLE, "meow"], "output": [0.25]}],
                    },
                }
                await cat.say(topic, 0)
                assert (await monitor.next())[1]["op"] == "monitor_info"
                _, error = await monitor.next()
                assert error == {
                    "op": "esm_error",
                    "data": {
                        "msg": "line 2: ZeroDivisionError: division by zero",
                        "src": digest,
                        "line": 2,
                        "stage": "join",
                        "id": None,
                    },
                }
                assert w.csm.errors == {("gui", "7"): [error["data"]]}
                # What does not even compile is said when it is set.
                await joined(gui, "def run(x) return x", digest)
                _, error = await monitor.next()
                assert error["data"]["line"] == 1
                assert "SyntaxError" in error["data"]["msg"]
                await gui.ask("graph/7", op="stop_monitor")
                await cat.say(topic, 1)
                with_timeout = asyncio.wait_for(monitor.next(), 0.5)
                assert await asyncio.gather(with_timeout, return_exceptions=True) != [None]

    run(whole)


def test_a_function_that_hangs_does_not_stop_other_graphs(tmp_path):
    async def whole():
        async with (
            world(tmp_path, limits=Limits(seconds=1)) as w,
            w.listening("iottalk/api/res/#") as gui,
            device(w) as cat,
        ):
            await linked(gui, {"idf": "meow"}, {"odf": "meow"})
            await linked(gui, {"idf": "meow"}, {"odf": "meow"}, graph="graph/8")
            await joined(gui, HANGS)
            topic = w.csm.core.channels.topic(KEY)
            await cat.say(topic, "hang")
            assert await value(cat) == ["hang"]  # from the other
            await w.until(lambda: w.csm.errors)
            assert "killed" in w.csm.errors["gui", "7"][0]["msg"]
            await cat.say(topic, "go on")
            found = [await value(cat), await value(cat)]
            assert sorted(found) == [["go on"], ["seven"]]

    run(whole)


def test_detaching_tells_the_device_and_ends_the_worker(tmp_path):
    async def whole():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui, device(w) as cat:
            await linked(gui, {"idf": "meow"})
            await w.until(workers)
            _, connect = await cat.next()
            await gui.ask("graph/7", op="detach")
            _, disconnect = await cat.next()
            assert disconnect["command"] == "DISCONNECT"
            assert disconnect["topic"] == connect["topic"]
            await w.until(lambda: not workers())

    run(whole)


def test_devices_that_stay_away_are_announced_and_gone(tmp_path):
    now = [0.0]

    async def whole():
        async with (
            world(tmp_path, clock=lambda: now[0], da_expiration=100) as w,
            w.listening("iottalk/api/res/gui/device") as gui,
            w.listening(f"{KETTLE}/ctrl/i") as state,
        ):
            assert (await gui.ask("device", op="attach"))["da_list"] == {}
            async with device(w) as cat:
                assert (await gui.next())[1]["type"] == "register"
                assert (await gui.next())[1]["type"] == "online"
                await cat.say(
                    f"{KETTLE}/ctrl/i", {"state": "offline", "rev": cat.rev}, retain=True
                )
            assert (await gui.next())[1]["type"] == "offline"
            now[0] = 100.0
            _, last = await gui.next()
            assert (last["type"], last["da"]) == ("deregister", KETTLE)
            assert (await w.http("GET", KETTLE)).status_code == 404
            # Its state is gone from the broker: who asks now gets nothing.
            seen = [await state.next(), await state.next()]
            assert [message["state"] for _, message in seen] == ["online", "offline"]
            cleared = await anext(state.client.messages)
            assert cleared.payload == b""

    run(whole)


def test_garbage_on_every_topic_is_survived(tmp_path):
    async def whole():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui, device(w) as cat:
            await linked(gui, {"idf": "meow"}, {"odf": "meow"})
            data = w.csm.core.channels.topic(KEY)
            for topic in (
                data,
                f"{KETTLE}/ctrl/i",
                "x/ctrl/i",
                "iottalk/api/req//device",
                "iottalk/api/req/é/graph/\u2603",
                "iottalk/esm/x/y/i",
            ):
                for payload in (b"", b"\xff", b"{", b"[[[[", b"NaN", b'{"op":{}}', b"x" * 400000):
                    await cat.client.publish(topic, payload, qos=2)
            await cat.say(data, 5)
            while (found := await value(cat)) != [5]:
                assert found == [{"op": {}}]

    run(whole)


def test_json_of_replies_is_json(tmp_path):
    async def whole():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui:
            await gui.client.publish(
                "iottalk/api/req/gui/graph/7", '{"op":"attach","é":"\\u2603"}'
            )
            message = await anext(gui.client.messages)
            assert json.loads(message.payload) == {"op": "attach", "é": "\u2603", "state": "ok"}

    run(whole)


def test_the_graph_api_without_mqtt(tmp_path):
    async def whole():
        async with world(tmp_path) as w, w.listening("iottalk/api/res/#") as gui, device(w) as cat:
            key = ("page", "1")
            assert w.csm.request(key, {"op": "attach"}) == {"op": "attach", "state": "ok"}
            request = {"op": "add_link", "da_id": KETTLE, "idf": "meow", "func": None}
            assert w.csm.request(key, request) == {**request, "state": "ok"}
            assert (await cat.next())[1]["command"] == "CONNECT"
            assert "already exists" in w.csm.request(key, request)["reason"]
            # It is the same graph for all.
            await gui.client.publish("iottalk/api/req/page/graph/1", json.dumps(request))
            assert "already exists" in (await gui.next())[1]["reason"]

    run(whole)
