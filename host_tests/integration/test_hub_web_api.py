"""The API under the hub's page, as scripts use it, and who is kept out."""

import json
import re
import socket
import threading
import time

import pytest
import requests

from motelink_tools.bench import page_load
from motelink_tools.hub.web import details
from motelink_tools.hub.web.operations import OPERATIONS

from .hub_web_world import DEADLINE_S, CommuteDevice, IottalkDevice, LosantDevice, World
from .manager_device import wait_for


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hub")) as world:
        yield world


def events(response):
    """Name and data of each server-sent event."""
    name = ""
    for line in response.iter_lines(chunk_size=None, decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def live(world, query=""):
    return requests.get(f"{world.url}api/live{query}", stream=True, timeout=DEADLINE_S)


# -- what is served ------------------------------------------------------------------------------


def test_the_description_has_every_route_and_no_other(world):
    described = world.get("api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    world_paths = {
        (method, path) for path, methods in described["paths"].items() for method in methods
    }
    for operation in OPERATIONS:
        assert (operation.method.lower(), operation.path) in world_paths
    for method, path in world_paths:
        if path == "/api/live":
            with live(world) as response:
                assert response.status_code == 200
            continue
        concrete = path.replace("{platform}", "x").replace("{device}", "y").lstrip("/")
        headers = {"X-Motelink": "test"}
        answer = requests.request(
            method, world.url + concrete, headers=headers, timeout=DEADLINE_S
        )
        assert answer.json().get("kind") != "http", (method, path, answer.text)
    for path in ("api/openapi.json/x", "api/nothing", "api/losant/remove", "api/losant/add"):
        assert world.get(path).status_code == 404


def test_every_operation_is_a_call_of_its_platform(world):
    for operation in OPERATIONS:
        served = {**world.hub.platforms, "boards": world.hub.boards}
        assert operation.call in served[operation.platform].calls()


def test_arguments_that_do_not_fit_are_refused_with_their_name(world):
    cases = {
        "api/losant/command": [({"name": "x"}, "device"), ({"device": 1, "name": "x"}, "device")],
        "api/manager/send": [({"text": "x", "to": "y"}, "to"), ({}, "text")],
        "api/sepl/command": [({"device": "a", "service": "b", "timeout": "soon"}, "timeout")],
    }
    for path, bodies in cases.items():
        for body, word in bodies:
            answer = world.post(path, body)
            assert (answer.status_code, answer.json()["kind"]) == (400, "usage")
            assert word in answer.json()["error"]
    for text in ("[]", "{", "nothing", "[" * 100_000, '{"device": "\\ud800", "name": "x"}'):
        headers = {"X-Motelink": "test", "Content-Type": "application/json"}
        answer = requests.post(
            world.url + "api/losant/command", text, headers=headers, timeout=DEADLINE_S
        )
        assert answer.status_code in (400, 404), text[:20]
    big = world.post("api/manager/send", {"text": "x" * (1024 * 1024)})
    assert big.status_code == 413
    for query in ("since=soon", f"since={2**70}", "limit=0", "limit=-1", "limit=10001"):
        for path in ("states", "states.csv"):
            answer = world.get(f"api/losant/{path}?device=x&{query}")
            assert (answer.status_code, answer.json()["kind"]) == (400, "usage")
            assert query.split("=")[0] in answer.json()["error"]


def test_what_cannot_be_is_refused_and_never_a_fault(world):
    cases = (
        ("commute/send", {"device": "x"}, 400, "status is missing"),
        ("sepl/command", {"device": "a", "service": "b", "timeout": -1}, 400, "timeout"),
        ("boards/add", {"name": "b", "firmware": "/" + "x" * 5000}, 400, "no folder"),
        ("boards/add", {"name": "b", "heap": "much"}, 400, "expected a size"),
    )
    for path, body, status, word in cases:
        answer = world.post(f"api/{path}", body)
        assert (answer.status_code, answer.json()["kind"]) == (status, "usage"), path
        assert word in answer.json()["error"]
    for platform in ("manager", "iottalk"):
        answer = world.get(f"api/{platform}/about?device=nobody")
        assert (answer.status_code, answer.json()["kind"]) == (404, "no_device")
    for number in ("nan", "inf", "1e999", "true"):
        answer = world.get(f"api/sepl/events?device=x&since={number}")
        assert (answer.status_code, answer.json()["kind"]) == (400, "usage"), number
    assert world.get("api/losant/command").headers["Allow"] == "POST"


def test_a_half_of_a_surrogate_pair_in_an_error_is_json_all_the_same(world):
    kettle = world.start(IottalkDevice())
    graph = {"client": "page", "graph": "halves"}
    link = {"op": "add_link", "da_id": kettle.id, "idf": kettle.idf, "func": None}
    for request in ({"op": "attach"}, link):
        world.call("iottalk", "request", **graph, request=request)
    source = "raise ValueError('\\ud800')\n"
    digest = world.call("iottalk", "function", **graph, source=source)["digest"]
    join = {"op": "set_join", "prev": None, "new": digest}
    world.call("iottalk", "request", **graph, request=join)
    path = "api/iottalk/graph?client=page&graph=halves"
    wait_for(lambda: world.get(path).json()["result"]["errors"])
    assert "\ud800" in world.get(path).json()["result"]["errors"][0]["msg"]


def test_states_as_json_and_as_csv_without_formulas(world):
    made = world.call("losant", "add", name="csv", attributes={})
    device = world.start(LosantDevice(made))
    world.run(device.state({"a": 1, "b": "=HYPERLINK()", "=c": True}))
    wait_for(lambda: world.get(f"api/losant/states?device={made['id']}").json()["result"])
    lines = world.get(f"api/losant/states.csv?device={made['id']}").text.splitlines()
    assert lines[0] == "time,'=c,a,b"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z,true,1,'=HYPERLINK\(\)", lines[1])
    none = world.get(f"api/losant/states?device={made['id']}&until=1").json()["result"]
    assert none == []


def test_the_manager_sends_to_one_to_a_type_and_to_all(world):
    lamp, meter = world.manager_device(kind="lamp"), world.manager_device(kind="meter")
    cases = (
        ({"text": "one", "device": lamp.uuid}, (b"one", b""), 1),
        ({"text": "type", "kind": "meter"}, (b"", b"type"), 1),
        ({"base64": "/wA="}, (b"\xff\0", b"\xff\0"), 2),
    )
    for body, expected, reached in cases:
        assert world.post("api/manager/send", body).json() == {"result": {"reached": reached}}
        for device, text in zip((lamp, meter), expected, strict=True):
            assert device.read(len(text)) == text
    for body in ({"text": "x", "base64": ""}, {"base64": "?"}, {"text": "x", "kind": "none"}):
        assert world.post("api/manager/send", body).status_code == 400
    path = f"api/devices/manager/{lamp.uuid}"
    wait_for(lambda: len(world.get(path).json().get("messages", ())) == 2)
    said = [(said["way"], said["text"]) for said in world.get(path).json()["messages"]]
    assert said == [("out", "one"), ("out", "\ufffd\0")]
    away = world.post("api/manager/send", {"text": "x", "device": "nobody"})
    assert (away.status_code, away.json()["kind"]) == (409, "not_connected")


def test_a_device_of_the_manager_is_remembered_until_it_is_forgotten(world):
    device = world.manager_device(kind="lamp")
    path = f"api/devices/manager/{device.uuid}"
    wait_for(lambda: world.get(path).json().get("series") is not None)
    connected = world.post("api/manager/forget", {"device": device.uuid})
    assert connected.json()["kind"] == "connected"
    device.socket.close()
    wait_for(lambda: not world.get(path).json()["connected"])
    about = f"api/manager/about?device={device.uuid}"
    assert world.get(about).json()["result"]["data"] == {"room": "attic"}
    wait_for(lambda: world.post("api/manager/forget", {"device": device.uuid}).status_code == 200)
    wait_for(lambda: world.get(path).status_code == 404)


# -- live ----------------------------------------------------------------------------------------


def test_a_stream_begins_with_everything_and_goes_on_with_what_changes(world):
    made = world.call("losant", "add", name="stream", attributes={})
    device = world.start(LosantDevice(made))
    world.run(device.state({"n": 1}))
    wait_for(lambda: world.get(f"api/devices/losant/{made['id']}").json().get("series"))
    with live(world, f"?device=losant/{made['id']}") as response:
        stream = events(response)
        assert next(stream)[0] == "hub"
        name, first = next(stream)
        assert (name, first["all"]) == ("devices", True)
        assert made["id"] in [row["id"] for row in first["rows"]]
        name, detail = next(stream)
        assert (name, detail["all"]) == ("device", True)
        assert detail["series"]["n"]["v"] == [1]
        world.run(device.state({"n": 2}))
        more = next(data for name, data in stream if name == "device")
        assert (more["all"], more["series"]["n"]["v"]) == (False, [2])
        assert [message["text"] for message in more["messages"]] == ['{"data": {"n": 2}}']


def test_a_viewer_that_does_not_read_skips_to_the_latest_state_and_holds_nobody_up(world):
    made = world.call("losant", "add", name="slow", attributes={})
    registry = world.hub.registry
    host, _, port = world.url.removeprefix("http://").rstrip("/").rpartition(":")
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        slow.connect((host, int(port)))
        asked = f"GET /api/live?device=losant/{made['id']} HTTP/1.1\r\nHost: {host}\r\n\r\n"
        slow.sendall(asked.encode())
        slow.settimeout(DEADLINE_S)
        with live(world, f"?device=losant/{made['id']}") as fast:
            stream = events(fast)
            for number in range(1, 2001):
                message = json.dumps({"data": {"n": number, "fill": "x" * 900}}).encode()
                registry.message_in("losant", made["id"], len(message), message)
                if number % 100 == 0:
                    for name, data in stream:
                        if name == "device" and number in data["series"].get("n", {"v": []})["v"]:
                            break
        received = b""
        while b'"messages_in": 2000' not in received[-100_000:]:
            received += slow.recv(65536)
    # Not everything was kept for it: 2000 messages have more than twice this.
    assert len(received) < 900_000


def test_what_is_remembered_of_a_device_is_bounded():
    detail = details.Detail()
    for number in range(5000):
        detail.message(number, "in", 2000, b"x" * 2000)
        detail.add(number, {"n": number, f"name {number}": 1.0})
    assert len(detail.messages) == details.MESSAGES
    assert detail.messages[-1]["cut"]
    assert len(detail.messages[-1]["text"]) == details.SHOWN_BYTES
    assert len(detail.series) == 24
    points = detail.series["n"].since(0)
    assert points["v"][-1] == 4999
    assert len(points["v"]) == details.POINTS
    assert detail.series["n"].since(4998)["v"] == [4998, 4999]
    everyone = details.Details()
    for number in range(2000):
        everyone.touch(("x", str(number)))
    assert everyone.get(("x", "0")) is None
    assert everyone.get(("x", "1999")) is not None


def test_the_hub_ends_at_once_while_pages_are_open(tmp_path):
    with World(tmp_path, only=("commute",)) as world:
        response = live(world)
        stream = events(response)
        next(stream)
        began = time.monotonic()
        reading = threading.Thread(target=lambda: list(stream))
        reading.start()
    reading.join(DEADLINE_S)
    assert not reading.is_alive()
    assert time.monotonic() - began < 10


def test_the_hub_ends_quietly_while_a_viewer_does_not_read(tmp_path, caplog):
    """A laptop that sleeps, for example."""
    with socket.socket() as slow, World(tmp_path, only=("commute",)) as world:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        host, _, port = world.url.removeprefix("http://").rstrip("/").rpartition(":")
        slow.connect((host, int(port)))
        slow.sendall(f"GET /api/live?log=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert slow.recv(64)
        for number in range(2000):
            world.hub.registry.disconnected("commute", f"bell {number}", "x" * 400)
        wait_for(lambda: len(world.get("api/devices").json()["devices"]) == 2000)
        time.sleep(0.5)  # until the stream is full
    assert "Exception" not in caplog.text
    assert not caplog.records


def test_what_was_known_is_there_again_after_a_restart(tmp_path):
    with World(tmp_path, only=("commute", "losant")) as world:
        world.call("commute", "add", device="doorbell")
        made = world.call("losant", "add", name="lamp", attributes={})
    with World(tmp_path, only=("commute", "losant")) as world:
        rows = {row["id"]: row for row in world.get("api/devices").json()["devices"]}
        assert rows["doorbell"]["connected"] is False
        assert rows[made["id"]]["name"] == "lamp"


def test_a_removed_device_leaves_the_page(world):
    key = world.call("commute", "add", device="brief")
    with live(world) as response:
        stream = events(response)
        assert any("brief" in json.dumps(d) for name, d in stream if name == "devices")
        world.call("commute", "remove", device="brief")
        assert any(["commute", "brief"] in d["gone"] for name, d in stream if name == "devices")
    assert key


def test_the_load_of_the_benchmark_loses_nothing():
    said = []
    figures = page_load.run(devices=4, rate=100, pages=2, seconds=1, say=said.append)
    assert figures["hub.page.messages"] >= 90
    assert figures["hub.page.lost"] == 0
    assert 0 < figures["hub.page.p50_ms"] <= figures["hub.page.p99_ms"] < 5000


def test_a_device_with_any_name_is_found(world):
    name = 'a/b?c#d"<&é'
    device = world.start(CommuteDevice(name, world.call("commute", "add", device=name)))
    world.run(device.put("s", 1))
    wait_for(lambda: world.connected("commute", name))
    quoted = requests.utils.quote(name, safe="")
    wait_for(lambda: world.get(f"api/devices/commute/{quoted}").json().get("series", {}).get("s"))
    twice = requests.utils.quote(quoted, safe="")
    with live(world, f"?device=commute/{twice}") as response:
        assert next(d for n, d in events(response) if n == "device")["series"]["s"]["v"] == [1]
