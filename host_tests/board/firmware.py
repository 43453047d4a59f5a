"""Firmware for the tests on virtual boards: what is flashed, a Manager to talk to."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from motelink_tools.hub.manager import Client, Manager

DEADLINE_S = 60
NOBODY = 'manager_host = "127.0.0.1"\nmanager_port = 9\nmanager_type = "virtual"\n'
WIFI = 'wifi_ssid = "demo"\n'
NODE = """\
import time
from motelink.node import Node


def run():
    node = Node()
    %s
    node.run()
"""


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.02)


def write(files: Path, app: str | None = None, settings: str = NOBODY) -> None:
    if app is not None:
        (files / "app.mpy").unlink(missing_ok=True)
        (files / "app.py").write_text(app)
    (files / "settings.toml").write_text(settings)


def text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@contextmanager
def manager() -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """A Manager, and the data of every getinfo."""
    found: list[dict[str, Any]] = []
    with Manager(
        ["virtual"], connection_port=0, heartbeat_rate=1.0, logging_level=logging.ERROR
    ) as made:

        @made.event
        def on_connect(client: Client) -> None:
            def ask() -> None:
                for _ in range(2):
                    client.get_data(timeout=10)
                    found.append(client.return_data()["data"])

            threading.Thread(target=ask, daemon=True).start()

        yield made, found
