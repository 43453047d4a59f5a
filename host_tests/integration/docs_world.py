"""What the programs of the documentation presuppose: servers, names, and that somebody ends them.

A page's programs run in order in one process, as printed but for addresses, credentials and loops
without an end.
"""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websockets.exceptions
import websockets.sync.server

from motelink.losant import Device
from motelink_tools.demo.local_hub import LocalHub
from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import Broker
from motelink_tools.hub.manager import Client, Manager

RUN_MS = 1200
# Nobody calls stop(): run() returns by itself, long after a connection on this machine is made.
BOUNDED = f"""\
from motelink.loop import Loop
Loop.run = lambda self: self.run_for({RUN_MS})
loop = Loop()
"""


@dataclass
class Page:
    """How one page's device programs run.

    ``replace``: text, and what stands for it here, which must occur. ``before``, ``after``: code
    around the programs. ``files``: beside them. ``seen``: what must have happened then: words of
    ``World.seen``.
    """

    replace: dict[str, str] = field(default_factory=dict)
    before: str = ""
    after: str = ""
    files: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)


class World:
    """Every server that a page talks to. ``seen``: what they have seen, "losant connected"."""

    def __init__(
        self, folder: Path, hub: LocalHub, manager: Manager, broker: Broker, web: str, ws: int
    ) -> None:
        self.folder = folder
        self.hub = hub
        self.manager = manager
        self.broker = broker
        self.seen: set[str] = set()
        self._web = web
        self._ws = ws
        self._names = 0
        self._events = hub.registry.subscribe()

    def turn(self) -> None:
        """While a program runs: notes what has happened; commands SEPL's lamp."""
        for event in self._events.drain():
            self.seen.add(f"{event.platform} {event.kind}")
            if (event.platform, event.kind) == ("sepl", "message_in"):
                threading.Thread(target=self._command, daemon=True).start()

    def _command(self) -> None:
        with contextlib.suppress(ToolError):
            self.hub.call("sepl", "command", device="lamp-1", service="on", value=1, timeout=1.0)

    def _name(self) -> str:
        """Of a device or user that there is not yet."""
        self._names += 1
        return f"docs-{self._names}"

    @contextlib.contextmanager
    def lamp(self) -> Iterator[None]:
        """A Losant device of that name, connected inside."""
        settings = self.hub.call("losant", "join", name="lamp", known={})
        account = (settings[f"losant_{word}"] for word in ("device", "key", "secret"))
        where = {word: settings[f"losant_{word}"] for word in ("host", "port", "secure")}
        lamp = Device(*account, **where)
        lamp.connect(blocking=False)
        ended = threading.Event()

        def live() -> None:
            while not ended.is_set():
                lamp.loop(0.05)

        living = threading.Thread(target=live)
        living.start()
        try:
            while settings["losant_device"] not in self.hub.call("losant", "connected"):
                time.sleep(0.05)
            yield
        finally:
            ended.set()
            living.join()
            lamp.close()

    def page(self, name: str) -> Page:
        """How the programs of docs/``name`` run; without more ado, where it is not known."""
        known = name.removesuffix(".md").replace("migrating/", "from_").replace("-", "_")
        made = getattr(self, f"_{known}", None)
        return made() if made else Page()

    def _commute(self) -> Page:
        name = self._name()
        key = self.hub.call("commute", "add", device=name)
        root = self.hub.address("commute", "websocket root")
        return Page(
            replace={"ws://192.0.2.7:8094/ws": root, "lamp-1": name, "its key": key},
            after="loop.run()\nassert pair.connected",
            seen={"commute connected", "commute message_in"},
        )

    def _http(self) -> Page:
        return Page(replace={"192.0.2.7:9992": self._web}, seen={"http GET"})

    def _iottalk(self) -> Page:
        url = self.hub.address("iottalk", "registration")
        return Page(replace={"http://192.0.2.5:9992": url}, seen={"iottalk connected"})

    def _losant(self) -> Page:
        made = self.hub.call("losant", "add", name=self._name(), attributes={})
        port = urlsplit(self.hub.address("losant", "mqtt")).port
        return Page(
            replace={
                '"my-device-id", "my-app-access-key", "my-app-access-secret", ca="ca.der"': (
                    f'"{made["id"]}", "{made["key"]}", "{made["secret"]}", '
                    f'secure=False, host="127.0.0.1", port={port}'
                ),
                "while True:": "for _ in range(2):",
            },
            before='read_sensor = lambda: 21\nCOMMAND_TOPIC = b"losant/docs/command"\n',
            after="device.loop(1)\nassert device.is_connected()",
            seen={"losant connected", "losant message_in"},
        )

    def _manager(self) -> Page:
        room = '{"room": "kitchen"}'
        return Page(
            replace={
                '"192.0.2.7"': '"127.0.0.1"',
                f"{room})": f"{room}, port={self.manager.port})",
            },
            before=(
                'uuid = "1862cfe1-5dab-4d8e-a946-50d6728f830f"\n'
                "from motelink.mqtt import Client\n"
                f'another = Client("127.0.0.1", "another", port={self.broker.port})\n'
            ),
            after="assert client.connected",
            seen={"manager connected", "manager message"},
        )

    def _asyncio(self) -> Page:
        return Page(
            replace={
                '"192.0.2.7", ': '"127.0.0.1", ',
                '"kettle", {})': f'"kettle", {{}}, {self.manager.port})',
                "        await aio.run(client)": (
                    f"        bounded = asyncio.wait_for(aio.run(client), {RUN_MS / 1000})\n"
                    "        await asyncio.gather(bounded, return_exceptions=True)"
                ),
            },
            seen={"manager connected", "manager message"},
        )

    def _mqtt(self) -> Page:
        return Page(
            replace={
                '"192.0.2.7", "kettle", ': f'"127.0.0.1", "kettle", port={self.broker.port}, ',
                '("kettle", "192.0.2.7")': f'("kettle", "127.0.0.1", {self.broker.port})',
            },
            before='payload = b"21.5"\n',
            after="loop.add(client)\nloop.run()\nassert client.connected",
            # It has the API of umqtt.simple, so the adapter has something to stand on.
            files={"umqtt/simple.py": "from motelink.mqtt_simple import MQTTClient\n"},
        )

    def _from_umqtt_simple(self) -> Page:
        return Page(
            replace={
                '("kettle", "192.0.2.7", ': f'("simple", "127.0.0.1", {self.broker.port}, ',
                '"192.0.2.7", "kettle", ': f'"127.0.0.1", "simple", port={self.broker.port}, ',
            },
            after="assert kettle.connected",
        )

    def _from_mqtt_as(self) -> Page:
        old, new = '"192.0.2.7", "kettle", ', f'"127.0.0.1", "as", port={self.broker.port}, '
        return Page(replace={old: new}, after="assert client.connected")

    def _from_losant_mqtt(self) -> Page:
        page = self._losant()
        page.before = ""
        return page

    def _from_iottalk_py(self) -> Page:
        page = self._iottalk()
        page.after = "assert cat.connected and cat.rev"
        return page

    def _from_sepl(self) -> Page:
        page = self._sepl()
        page.after = "assert Client.ready()"
        return page

    def _from_iotcommute(self) -> Page:
        page = self._commute()
        page.after = "assert ws.is_connected()"
        return page

    def _start(self) -> Page:
        page = self._node()
        page.after = "run()"
        return page

    def _node(self) -> Page:
        settings = self.hub.call("losant", "join", name=self._name(), known={}) | {
            "ntp_servers": ""
        }
        lines = (f"{name} = {json.dumps(value)}" for name, value in settings.items())
        return Page(
            before=(
                "from motelink.node import Node\nfrom motelink.port import ticks_ms\n"
                f"end = ticks_ms() + {2 * RUN_MS}\nNode.alive = lambda self: ticks_ms() < end\n"
            ),
            files={"settings.toml": "\n".join(lines) + "\n"},
            seen={"losant connected", "losant message_in"},
        )

    def _sepl(self) -> Page:
        name = self._name()
        password = self.hub.call("sepl", "add_user", name=name)
        port = urlsplit(self.hub.address("sepl", "websocket")).port
        conf = f"[CONNECTOR]\nprotocol = ws\nhost = 127.0.0.1\nport = {port}\n"
        return Page(
            replace={"while True:": "for _ in range(1):"},
            after="loop.run()\nassert connector.ready",
            files={"connector.conf": conf + f"user = {name}\npassword = {password}\ngid =\n"},
            seen={"sepl connected", "sepl message_in"},
        )

    def _websocket(self) -> Page:
        return Page(
            replace={"ws://192.0.2.7:8080/kettle": f"ws://127.0.0.1:{self._ws}/kettle"},
            seen={'websocket {"hello": "kettle"}'},
        )


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """All of it, running."""
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(LocalHub(folder / "hub", lambda _line: None))
        broker = stack.enter_context(Broker())
        manager = stack.enter_context(
            Manager(["kettle"], connection_port=0, logging_level=logging.ERROR)
        )
        seen: set[str] = set()

        @manager.event
        def on_connect(client: Client) -> None:
            seen.add("manager connected")
            client.send_string("hello")

        @manager.event
        def on_message(client: Client, message: bytearray) -> None:
            seen.add("manager message")

        class Things(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.add("http GET")
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        def answer(connection: websockets.sync.server.ServerConnection) -> None:
            with contextlib.suppress(websockets.exceptions.ConnectionClosed):
                for message in connection:
                    seen.add(f"websocket {message!s}")
                    connection.send('{"and": "you"}')

        web = ThreadingHTTPServer(("127.0.0.1", 0), Things)
        ws = websockets.sync.server.serve(answer, "127.0.0.1", 0)
        for server in (web, ws):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        port = ws.socket.getsockname()[1]
        made = World(folder / "hub", hub, manager, broker, f"127.0.0.1:{web.server_port}", port)
        made.seen = seen
        yield made
        web.server_close()
