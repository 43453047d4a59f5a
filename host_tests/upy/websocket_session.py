"""A `motelink.websocket.Client` and its server, on a loopback connection."""

from motelink.backoff import Backoff
from motelink.websocket import Client
from peer import Peer
from websocket_peer import answer, sent


class Session:
    """A client and the server that it talks to. ``heard``: what its handlers were told."""

    def __init__(self, path="/", scheme="ws://", **options):
        self.peer = peer = Peer()
        self.heard = []
        options.setdefault("backoff", Backoff(1, 1, lambda bits: 0))
        self.client = client = Client(scheme + "127.0.0.1:" + str(peer.port) + path, **options)
        client.on_connect = lambda: self.heard.append("connect")
        client.on_message = lambda message: self.heard.append(message.bytes())
        client.on_end = lambda error: self.heard.append(error)
        peer.turn = lambda: client.step(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.end()
        self.peer.close()

    def hello(self):
        """Accept the client; returns its request."""
        self.peer.accept()
        return self.head()

    def head(self):
        request = b""
        while request[-4:] != b"\r\n\r\n":
            request += self.peer.receive(1)
        return request

    def connect(self, **fields):
        request = self.hello()
        self.peer.send(answer(request, **fields))
        self.peer.wait(lambda: self.client.connected, "the handshake")
        return request

    def refused(self, kind):
        """The last error, which must be of this kind, is heard."""
        self.peer.wait(lambda: self.heard, "an end")
        error = self.heard.pop()
        assert isinstance(error, kind), repr(error)
        return error

    def frames(self, n):
        """``n`` bytes of what the client has sent, as frames."""
        return sent(self.peer.receive(n))
