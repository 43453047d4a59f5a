"""IoTtalk as the hub serves it: its server beside the broker that its devices are sent to."""

import asyncio
import uuid

import aiomqtt
import pytest
import requests
from aiomqtt.exceptions import MqttConnectError

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.settings import load
from motelink_tools.hub.broker import Broker

DEADLINE_S = 60
ANY_PORTS = "[iottalk]\nport = 0\nws_port = 0\nhttp_port = 0\n"
KETTLE = {
    "accept_protos": ["mqtt"],
    "profile": {"model": "Kettle"},
    "idf_list": [["Temperature-I", [None]]],
}


@pytest.fixture
def serve(tmp_path):
    """Run a scene, given the hub, with more lines of its configuration."""

    def serve(scene, lines=""):
        path = tmp_path / "hub.toml"
        path.write_text(ANY_PORTS + lines)

        async def bounded():
            async with asyncio.timeout(3 * DEADLINE_S):
                configuration = load(path, folder=tmp_path / "folder", only=["iottalk"])
                async with Hub(configuration, print) as hub:
                    await scene(hub)

        asyncio.run(bounded())

    return serve


async def register(hub, device, body=KETTLE):
    """Register, as a device does. Returns the answer."""
    url = f"{hub.platforms['iottalk'].addresses()['registration']}/{device}"
    answer = await asyncio.to_thread(requests.put, url, json=body, timeout=DEADLINE_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


def client(answer, **more):
    url = answer["url"]
    return aiomqtt.Client(url["host"], url["port"], timeout=DEADLINE_S, **more)


async def announce(hub, device, answer, **more):
    """Come online, and wait until the hub knows."""
    state = f'{{"state": "online", "rev": "{answer["rev"]}"}}'
    async with client(answer, **more) as mqtt:
        await mqtt.publish(answer["ctrl_chans"][0], state, qos=2, retain=True)
        async with asyncio.timeout(DEADLINE_S):
            while not (known := hub.registry.device("iottalk", device)) or not known.connected:
                await asyncio.sleep(0.01)


def test_a_device_is_sent_to_the_hubs_broker(serve):
    async def scene(hub):
        device = str(uuid.uuid4())
        answer = await register(hub, device)
        addresses = hub.platforms["iottalk"].addresses()
        url = answer["url"]
        assert f"mqtt://{url['host']}:{url['port']}" == addresses["mqtt"]
        assert f"ws://{url['host']}:{url['ws_port']}" == addresses["mqtt, websocket"]
        assert "username" not in answer
        await announce(hub, device, answer)

    serve(scene)


def test_a_page_in_a_browser_cannot_run_code(serve):
    async def scene(hub):
        url = (await register(hub, str(uuid.uuid4())))["url"]
        request, reply = "iottalk/api/req/{}/graph/1", "iottalk/api/res/+/graph/1"
        web = aiomqtt.Client(
            url["host"], url["ws_port"], transport="websockets", websocket_path="/"
        )
        async with web, aiomqtt.Client(url["host"], url["port"]) as plain:
            await plain.subscribe(reply, qos=1)
            await web.publish(request.format("page"), '{"op": "attach"}', qos=1)
            await plain.publish(request.format("gui"), '{"op": "attach"}', qos=1)
            async with asyncio.timeout(DEADLINE_S):
                first = await anext(plain.messages)
            assert first.topic.value == "iottalk/api/res/gui/graph/1"
            assert [graph.client for graph in hub.platforms["iottalk"]._csm.core.graphs.all()] == [
                "gui"
            ]

    serve(scene)


def test_features_as_real_clients_send_them(serve):
    odd = [None, [], [None], [["x"]], 3, "Bare-I", ["Typed-I", "idf"], ["Pair-I", ["m", None]]]

    async def scene(hub):
        device = str(uuid.uuid4())
        await register(hub, device, {**KETTLE, "idf_list": odd})
        about = await hub.platforms["iottalk"].calls()["about"](device=device)
        assert [(feature["name"], feature["units"]) for feature in about["idf"]] == [
            ("Bare-I", []),
            ("Typed-I", []),
            ("Pair-I", ["m", ""]),
        ]

    serve(scene)


def test_with_auth_a_device_gets_a_password_that_holds_over_a_restart(serve):
    device = str(uuid.uuid4())
    answers = []

    async def first(hub):
        answers.append(await register(hub, device))
        own = {"username": answers[0]["username"], "password": answers[0]["password"]}
        await announce(hub, device, answers[0], **own)
        with pytest.raises(MqttConnectError, match="Not authorized"):
            async with client(answers[0]):
                pass

    async def second(hub):
        port = hub.platforms["iottalk"]._broker.port
        answer = {**answers[0], "url": {**answers[0]["url"], "port": port}}
        own = {"username": answer["username"], "password": answer["password"]}
        async with client(answer, **own):
            pass

    serve(first, "auth = true\n")
    serve(second, "auth = true\n")


def test_on_a_broker_that_others_look_after(serve, monkeypatch):
    async def scene(hub):
        device = str(uuid.uuid4())
        answer = await register(hub, device)
        assert answer["url"]["port"] == broker.port
        assert "ws_port" not in answer["url"]
        await announce(hub, device, answer, username="hub", password="its secret")

    monkeypatch.setenv("MOTELINK_BROKER_PASSWORD", "its secret")
    with Broker(users={"hub": "its secret"}) as broker:
        address = f'broker = "mqtt://hub@127.0.0.1:{broker.port}"\n'
        serve(scene, address)
        with pytest.raises(ToolError, match="auth needs the hub's own broker"):
            serve(scene, f"{address}auth = true\n")
