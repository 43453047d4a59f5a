"""The least of an IoTtalk server, as its version 2.3.0 is: HTTP, control channels, and both
features of one device linked, with nothing between them. It can forget, as that one does when it
is started again."""

import json
import threading
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import paho.mqtt.client as mqtt

DEADLINE_S = 60.0
_TOPICS = {"idf": "iottalk/esm/in", "odf": "iottalk/esm/out"}


class IottalkServer:
    """``puts``: bodies of registrations; ``deletes``: of deregistrations; ``said``: what the
    device has said on its control channel. ``secure``: where the broker speaks TLS, for the
    device to go there. A context manager."""

    def __init__(self, broker: int, features: dict[str, str], secure: int = 0) -> None:
        self.features = features
        self._place = ("mqtts", secure) if secure else ("mqtt", broker)
        self.puts: list[dict[str, Any]] = []
        self.deletes: list[dict[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        self.refusals = 0
        self._rev = ""
        self._id = ""
        self._changed = threading.Condition()
        self._broker = broker
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._mqtt = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="csm")
        self._mqtt.on_message = self._message
        self._mqtt.on_connect = lambda *_: self._subscribe()
        self._mqtt.reconnect_delay_set(1, 1)

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def __enter__(self) -> "IottalkServer":
        self._mqtt.connect("127.0.0.1", self._broker)
        self._mqtt.loop_start()
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), (self.puts, self.said)

    def command(self, **command: object) -> dict[str, Any]:
        """Give the device a command; its answer."""
        command["msg_id"] = str(uuid.uuid4())
        self._mqtt.publish(f"{self._id}/ctrl/o", json.dumps(command), 2)

        def answers() -> list[dict[str, Any]]:
            return [said for said in self.said if said.get("msg_id") == command["msg_id"]]

        self.wait(lambda: bool(answers()))
        return answers()[0]

    def forget(self) -> None:
        """As after a restart: without links, and deaf until the next registration."""
        with self._changed:
            self._mqtt.unsubscribe(f"{self._id}/ctrl/i")
            self._id = ""
            self.features = {}

    def _register(self, device: str) -> dict[str, Any]:
        self._id = device
        self._rev = str(uuid.uuid4())
        self._subscribe()
        return {
            "id": device,
            "state": "ok",
            "rev": self._rev,
            "name": "00.Kettle",
            "url": {"scheme": self._place[0], "host": "localhost", "port": self._place[1]},
            "ctrl_chans": [f"{device}/ctrl/i", f"{device}/ctrl/o"],
        }

    def _subscribe(self) -> None:
        self._mqtt.subscribe([(f"{self._id or 'none'}/ctrl/i", 2), (_TOPICS["idf"], 2)])

    def _message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        if message.topic == _TOPICS["idf"]:
            client.publish(_TOPICS["odf"], message.payload, 2)
            return
        said = json.loads(message.payload)
        with self._changed:
            self.said.append(said)
            self._changed.notify_all()
            if said == {"state": "online", "rev": self._rev}:
                for kind, feature in self.features.items():
                    command = {"msg_id": "m", "command": "CONNECT", kind: feature}
                    command["topic"] = _TOPICS[kind]
                    client.publish(f"{self._id}/ctrl/o", json.dumps(command), 2)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self._answer(server._register, server.puts)

            def do_DELETE(self) -> None:
                self._answer(lambda device: {"state": "ok"}, server.deletes)

            def _answer(self, act: Callable[[str], dict[str, Any]], records: list[Any]) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = 200
                with server._changed:
                    if self.headers["Content-Type"] != "application/json":
                        status, reply = 400, {"state": "error", "reason": "content type"}
                    elif server.refusals:
                        server.refusals -= 1
                        status, reply = 510, {"state": "error", "reason": "Name pool is full"}
                    else:
                        records.append(body)
                        reply = act(self.path[1:])
                    server._changed.notify_all()
                data = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler
