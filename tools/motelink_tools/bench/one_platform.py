"""A node on one platform, iot-manager, as its user has it: flashed to a virtual board, with Wi-Fi,
watchdog, clock and outbox. Its program measures its own heap."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from motelink_tools.bench.flashed import flashed
from motelink_tools.bench.lab import Say
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import Client, Manager

_NAME = "bench"
_PROGRAM = f"""\
from motelink.node import Node


def run():
    node = Node(name="{_NAME}")
    turns = node.sensor("turns")
    free = node.sensor("free")

    def measure():
        turns.set((turns.value or 0) + 1)  # so that there always is something to tell
        free.set(node.free())

    node.every(500, measure)
    node.run()
"""
_SETTINGS = """\
manager_host = "127.0.0.1"
manager_port = {port}
manager_interval = 500
wifi_ssid = "any"
outbox = {outbox}
outbox_record = 256
"""
_DEADLINE_S = 30.0
_POLL_S = 0.02
_TROUBLE = (b"Error", b"memory", b"Traceback")


class Node:
    """``folder``: of its own. Flashed once, here; `run` begins with these files each time."""

    def __init__(self, folder: Path, say: Say) -> None:
        self._files = folder / "files"
        say("flashing a node")
        self._flashed = flashed(folder, {"app.py": _PROGRAM})

    def run(self, heap: str, *, outbox: bool = True) -> tuple[int, int]:
        """The bytes of ``heap`` that it holds after a collection: once it has delivered messages,
        and again once it has been cut off, has come back and goes on delivering.

        Raises ToolError ``program_failed`` when it does not, when its board has to restart, or
        when it reports any error but the cut.
        """
        shutil.rmtree(self._files, ignore_errors=True)
        shutil.copytree(self._flashed, self._files)
        server = _Server()
        with server.manager:
            settings = _SETTINGS.format(
                port=server.manager.port, outbox="true" if outbox else "false"
            )
            (self._files / "settings.toml").write_text(settings)
            said = bytearray()
            with VirtualBoard(self._files, heap=heap, heard=said.extend) as board:
                try:
                    _wait(lambda: server.told > 3, "messages", said)
                    before_cut = server.free
                    server.cut()
                    _wait(lambda: server.connections > 1, "a second connection", said)
                    told = server.told
                    _wait(lambda: server.told > told + 2, "messages after it", said)
                finally:
                    restarts = board.resets - 1
            if restarts or any(word in said for word in _TROUBLE):
                raise _failed(f"it restarted {restarts} times", said)
        size = int(heap.removesuffix("k")) << 10
        return size - before_cut, size - server.free


class _Server:
    """``free``: what the node has said last, ``told``: how often; ``connections`` so far."""

    def __init__(self) -> None:
        self.told = self.free = self.connections = 0
        self._client: Client | None = None
        self.manager = Manager(
            [_NAME], connection_port=0, heartbeat_rate=0.5, logging_level=logging.CRITICAL
        )

        @self.manager.event
        def on_connect(client: Client) -> None:
            self._client = client
            self.connections += 1

        @self.manager.event
        def on_message(_client: Client, message: bytearray) -> None:
            for line in bytes(message).decode(errors="replace").splitlines():
                name, _, value = line.partition(" ")
                if name == "free" and value.isdigit():
                    self.free = int(value)
                self.told += name == "turns"

    def cut(self) -> None:
        """End the connection."""
        if self._client is not None:
            threading.Thread(target=self._client.end, daemon=True).start()


def _wait(condition: Callable[[], bool], what: str, said: bytearray) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        if time.monotonic() > deadline or any(word in said for word in _TROUBLE):
            raise _failed(f"no {what}", said)
        time.sleep(_POLL_S)


def _failed(what: str, said: bytearray) -> ToolError:
    last = bytes(said).decode(errors="replace").strip().rpartition("\n")[2]
    return ToolError(f"the node failed: {what}; it said last: {last}", kind="program_failed")
