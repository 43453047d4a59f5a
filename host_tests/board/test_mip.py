"""``mpremote mip install`` of the repository's own indexes onto the virtual board: offline, and
what is installed works."""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motelink import __version__
from motelink_tools import paths
from motelink_tools.board import VirtualBoard
from motelink_tools.hub.manager import Client, Manager

DEADLINE_S = 60
ROOT = paths.board_root()
CLIENT = """\
from motelink.identity import board_uuid
from motelink.manager import Client

client = Client("127.0.0.1", board_uuid(), "kettle", {{"room": "kitchen"}}, port={port})
client.on_message = lambda message: client.send(message.bytes())
for _ in range(15):
    client.step(100)
"""
SETTINGS = """\
manager_host = "127.0.0.1"
manager_port = {port}
manager_type = "kettle"
wifi_ssid = "demo"
"""


def manager(heard: list[Any]) -> Manager:
    """Greets who connects, and hears what they say."""
    made = Manager(["kettle"], connection_port=0, logging_level=logging.ERROR)

    @made.event
    def on_connect(client: Client) -> None:
        client.send_string("say hello")

    @made.event
    def on_message(client: Client, message: bytearray) -> None:
        heard.append((client.return_data()["data"], message.decode()))

    return made


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_whole_library(mpremote: Any, tmp_path: Path) -> None:
    said = mpremote("mip", "install", str(ROOT / "package.json"))
    assert said.endswith("Done\n")
    installed = tmp_path / "flash" / "lib" / "motelink"
    urls = json.loads((ROOT / "package.json").read_text())["urls"]
    assert {f"motelink/{file.name}" for file in installed.iterdir()} == {dest for dest, _ in urls}
    heard: list[Any] = []
    with manager(heard) as made:
        version = mpremote("exec", "import motelink; print(motelink.__version__)")
        assert version == f"{__version__}\n"
        mpremote("exec", CLIENT.format(port=made.port))
        until(lambda: heard)
        assert heard == [({"room": "kitchen"}, "say hello")]


def test_a_node_on_one_platform(board: VirtualBoard, mpremote: Any, tmp_path: Path) -> None:
    mpremote("mip", "install", str(ROOT / "lib" / "node-manager.json"))
    installed = {file.stem for file in (tmp_path / "flash" / "lib" / "motelink").iterdir()}
    assert "node_manager" in installed
    assert not installed & {"losant", "mqtt", "node_losant", "websocket", "_port_cpython"}
    heard: list[Any] = []
    with manager(heard) as made:
        settings = tmp_path / "settings.toml"
        settings.write_text(SETTINGS.format(port=made.port))
        files = [str(ROOT / name) for name in ("app.py", "boot.py", "main.py")]
        files.append(str(paths.board_folder("virtual") / "board.py"))
        mpremote("cp", *files, str(settings), ":", "+", "reset")
        until(lambda: heard)
    data, message = heard[0]
    assert data["name"] == "virtual"
    assert message.startswith("led_on 0")
