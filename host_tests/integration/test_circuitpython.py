"""Whole programs among CircuitPython's fakes, against real servers: the example's code.py, and
MQTT through the real adafruit_minimqtt on a ``socketpool``.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from motelink_tools import paths
from motelink_tools.hub.broker import Broker
from motelink_tools.hub.manager import Client, Manager

from . import mqtt_peers

HOST_TESTS = Path(__file__).parents[1]
EXAMPLE = HOST_TESTS.parent / "examples" / "circuitpython"
BOARDS = ["espressif", "raspberrypi"]
MQTT = """\
import socketpool
import wifi
from adafruit_minimqtt.adafruit_minimqtt import MQTT
from motelink.loop import Loop
from motelink.mqtt_minimqtt import Client

pool = socketpool.SocketPool(wifi.radio)
clients = []
for name in ("one", "two"):
    below = MQTT(broker="127.0.0.1", port={port}, client_id=name, socket_pool=pool,
                 socket_timeout=0.05, connect_retries=1, use_binary_mode=True)
    clients.append(Client(below, poll_ms=5))
one, two = clients
got = []
two.on_message = lambda message: got.append((message.topic.text(), message.bytes()))
two.subscribe("home/kettle", 1)
loop = Loop()
for client in clients:
    loop.add(client)


def until(condition):
    for _ in range(400):
        if condition():
            return
        loop.step(20)
    raise RuntimeError(str([client.last_error for client in clients]))


until(lambda: one.connected and two.connected)
until(lambda: one.publish("home/kettle", b"\\xff on", 1))
until(lambda: got)
print(got)
one.client._sock.close()  # the network is gone
until(lambda: one.connects == 2)
until(lambda: one.publish("home/kettle", b"again"))
until(lambda: len(got) == 2)
print(got[1])
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Runs a program of the folder on one of the boards."""
    running = []

    def run(board: str, program: str) -> "subprocess.Popen[str]":
        path = os.pathsep.join([str(paths.library()), str(mqtt_peers.fetch())])
        interpreter = str(HOST_TESTS / "circuitpython" / "interpreter.py")
        running.append(
            subprocess.Popen(
                [sys.executable, "-u", interpreter, board, program],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("board", BOARDS)
def test_the_example_is_a_node(start: Any, tmp_path: Path, board: str) -> None:
    with Manager(["node"], connection_port=0) as manager:
        shutil.copy(EXAMPLE / "code.py", tmp_path)
        settings = f'manager_host = "127.0.0.1"\nmanager_port = {manager.port}\n'
        (tmp_path / "settings.toml").write_text(settings)
        came = threading.Event()

        @manager.event
        def on_connect(_client: Client) -> None:
            came.set()

        process = start(board, "code.py")
        assert came.wait(30)
        (client,) = manager.get_clients()
        client.get_data(timeout=10)
        client.send(b"say hello")
        assert "say: hello\n" in iter(process.stdout.readline, "")
        data = client.return_data()["data"]
    assert (data["temperature"], data["reconnects"]) == (21.5, 0)


def test_the_example_resets_the_board_when_it_fails(start: Any, tmp_path: Path) -> None:
    code = (EXAMPLE / "code.py").read_text().replace("else 10", "else 0.1")
    code = code.replace("    watch(node)\n", "    raise ValueError('the sensor is gone')\n")
    (tmp_path / "code.py").write_text(code)
    said, _ = start("espressif", "code.py").communicate(timeout=60)
    assert "ValueError: the sensor is gone" in said
    assert said.endswith("reset\n")


@pytest.mark.parametrize("board", BOARDS)
def test_mqtt_through_minimqtt(start: Any, tmp_path: Path, board: str) -> None:
    with Broker() as broker:
        (tmp_path / "program.py").write_text(MQTT.replace("{port}", str(broker.port)))
        process = start(board, "program.py")
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "[('home/kettle', b'\\xff on')]" in said
    assert "('home/kettle', b'again')" in said
