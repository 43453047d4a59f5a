"""motelink.iottalk on real mosquitto and a small server, on CPython and on MicroPython."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import interpreters
from motelink_tools.hub.broker import Broker
from motelink_tools.hub.broker.ports import free_port

from .certificates import Authority
from .device_process import CPYTHON, Device, Runtime
from .iottalk_server import IottalkServer

PROGRAM = Path(__file__).with_name("iottalk_device.py")
FEATURES = {"idf": "Celsius-I", "odf": "Heater-O"}
SOON = (1, 500)  # seconds, after which the server is asked; milliseconds, to wait for an answer


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


@pytest.fixture
def server(broker: Broker) -> Iterator[IottalkServer]:
    with IottalkServer(broker.port, dict(FEATURES)) as running:
        yield running


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest, library: Path) -> Runtime:
    return Runtime(request.param, library)


def device(runtime: Runtime, server: IottalkServer, *arguments: object) -> Device:
    return Device(runtime, PROGRAM, server.url, *arguments, heap="96k")


def test_data_go_both_ways_on_a_locked_heap(runtime: Runtime, server: IottalkServer) -> None:
    server.refusals = 2
    with device(runtime, server, "locked") as running:
        found = running.result()
    assert (found["back"], found["connects"], found["errors"]) == (30, 1, 0)
    (put,) = server.puts
    assert put == {
        "accept_protos": ["mqtt"],
        "profile": {"model": "Kettle"},
        "idf_list": [["Celsius-I", [None]]],
        "odf_list": [["Heater-O", [None]]],
    }
    server.wait(lambda: len(server.said) == 5)
    assert [said["state"] for said in server.said] == ["online", "ok", "ok", "offline", "offline"]
    assert server.deletes == [{"rev": server.said[0]["rev"]}]


def test_data_go_both_ways_over_tls(runtime: Runtime, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("broker", "localhost")
    other = Authority(tmp_path, "other")
    port = free_port()
    options = [f"listener {port} 127.0.0.1", f"certfile {certificate}", f"keyfile {key}"]
    with Broker(options=options) as broker:
        with (
            IottalkServer(broker.port, dict(FEATURES), port) as server,
            device(runtime, server, "locked", 300, 3000, authority.der) as running,
        ):
            assert running.result()["back"] == 30
        with (
            IottalkServer(broker.port, dict(FEATURES), port) as server,
            device(runtime, server, "stay", 300, 3000, other.der) as running,
        ):
            while "certificate refused" not in running.wait_for(""):
                pass
            assert "online" not in [said["state"] for said in server.said]


def test_commands_are_answered(runtime: Runtime, server: IottalkServer) -> None:
    with device(runtime, server, "stay") as running:
        running.wait_for("back")
        assert server.command(command="DISCONNECT", idf="Celsius-I", topic="unused") == {
            "msg_id": server.said[-1]["msg_id"],
            "state": "ok",
        }
        running.wait_for("disconnect Celsius-I")
        answer = server.command(command="CONNECT", idf="other", topic="a")
        assert (answer["state"], answer["reason"]) == ("error", "no such feature")


def test_a_broker_that_restarts_finds_the_same_registration(runtime: Runtime) -> None:
    with (
        Broker() as broker,
        IottalkServer(broker.port, dict(FEATURES)) as server,
        device(runtime, server, "stay") as running,
    ):
        rev = running.wait_for("online")
        running.wait_for("back")
        for _ in range(2):
            broker.kill()
            broker.start()
            assert running.wait_for("online") == rev
            running.wait_for("back")
        assert len(server.puts) == 1


def test_a_server_that_has_forgotten_is_registered_with_again(
    runtime: Runtime, server: IottalkServer
) -> None:
    with device(runtime, server, "stay", *SOON) as running:
        rev = running.wait_for("online")
        running.wait_for("back")
        server.forget()
        assert running.wait_for("online") != rev
        server.wait(lambda: len(server.puts) > 1)
        server.features = dict(FEATURES)
        running.wait_for("back")


def test_a_device_that_vanishes_leaves_its_will(runtime: Runtime, server: IottalkServer) -> None:
    with device(runtime, server, "stay") as running:
        rev = running.wait_for("online")
        running.wait_for("back")
    server.wait(lambda: {"state": "offline", "rev": rev} in server.said)
