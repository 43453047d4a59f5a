"""MQTT over WebSocket against real mosquitto, on CPython and on real MicroPython with a board's
heap: the client, and a Losant device."""

import json
import time
from pathlib import Path

import pytest

from collector import interpreters
from motelink.mqtt import Client
from motelink_tools import paths
from motelink_tools.hub.broker import Broker

from .device_process import CPYTHON, Device, Runtime

PROGRAM = Path(__file__).with_name("websocket_mqtt_device.py")
ID = "575ecf887ae143cd83dc4aa2"
DEADLINE_S = 60.0


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    return Runtime(request.param, paths.library())


def test_every_qos_and_size(runtime: Runtime) -> None:
    with (
        Broker(ws_port=0) as broker,
        Device(runtime, PROGRAM, "mqtt", broker.ws_port, heap="128k") as process,
    ):
        process.wait_for("exchanged 24 0")
        process.result()


def test_losant_device(runtime: Runtime) -> None:
    states: list[object] = []
    users = {"my-access-key": "my-access-secret"}
    with (
        Broker(users=users, ws_port=0) as broker,
        Device(runtime, PROGRAM, "losant", broker.ws_port, heap="128k") as process,
    ):
        platform = Client("127.0.0.1", "platform", *users.popitem(), port=broker.port)
        platform.on_message = lambda message: states.append(message.json())
        platform.subscribe("losant/+/state")
        process.wait_for("connected")
        end = time.monotonic() + DEADLINE_S
        while not states:
            assert time.monotonic() < end, platform.last_error
            platform.step(50)
            platform.publish(f"losant/{ID}/command", json.dumps({"name": "stop"}))
        process.wait_for("command stop")
        process.result()
        platform.end()
    assert states[0] == {"data": {"done": True}, "time": 1}
