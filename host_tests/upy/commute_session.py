"""A `motelink.commute.WebSocket` and its server, on a loopback connection."""

import json

from motelink.backoff import Backoff
from peer import Peer
from websocket_peer import TEXT, answer, frame, sent

KEY = "se&cret/ü"


class Session:
    """A WebSocket and its server. ``heard``: what its callbacks were told."""

    def __init__(self, made=None, **options):
        # Not above: MicroPython's stack bounds how deep imports nest.
        from motelink.commute import WebSocket

        self.peer = peer = Peer()
        self.heard = heard = []
        root = "ws://127.0.0.1:%d/ws" % peer.port
        self.ws = ws = (made or WebSocket)("lamp 1", KEY, "device", root=root, **options)
        if not made:
            for name in ("tick", "message", "error"):
                setattr(ws, "on_" + name, lambda told, ws, name=name: heard.append((name, told)))
            for name in ("connect", "reconnect", "close"):
                setattr(ws, "on_" + name, lambda ws, name=name: heard.append(name))
        ws.options["backoff"] = Backoff(1, 1, lambda bits: 0)
        peer.turn = lambda: ws.client.step(1)

    def __enter__(self):
        self.ws.open()
        return self

    def __exit__(self, *_):
        self.ws.close()
        self.peer.close()

    def hello(self):
        self.peer.accept()
        request = b""
        while request[-4:] != b"\r\n\r\n":
            request += self.peer.receive(1)
        return request

    def connect(self):
        request = self.hello()
        self.peer.send(answer(request))
        self.peer.wait(self.ws.is_connected, "the handshake")
        return request

    def refuse(self, status):
        request = self.hello()
        self.peer.send(answer(request, status=status))

    def told(self):
        """The next frame of the client."""
        head = self.peer.receive(2)
        return sent(head + self.peer.receive(4 + (head[1] & 127)))[0]

    def put(self):
        kind, last, payload = self.told()
        assert kind == TEXT and last
        message = json.loads(payload)
        assert message["method"] == "put"
        return message["status"]

    def say(self, value):
        self.peer.send(frame(TEXT, json.dumps(value).encode()))

    def wait(self, *events):
        self.peer.wait(lambda: len(self.heard) >= len(events), str(events))
        assert self.heard == list(events), self.heard
        del self.heard[:]
