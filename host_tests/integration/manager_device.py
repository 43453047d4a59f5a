"""A device on a plain socket that does exactly what a test says, for the Manager's tests."""

import contextlib
import socket
import time
import uuid

from motelink_tools.hub.manager.framing import DIALECTS

DEADLINE_S = 60


def wait_for(condition):
    """Until it holds; fails after a generous deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class Device:
    """Blocking, with a deadline on everything; `send` is in its dialect, `put` is not."""

    def __init__(self, manager, framing="raw", tls=None, kind="test", identity=None):
        self.uuid = identity or str(uuid.uuid4())
        self.kind = kind
        self.framing = framing
        self.dialect = DIALECTS[framing]
        self.socket = socket.create_connection(("127.0.0.1", manager.port), timeout=DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def expect(self, data):
        """Exactly these bytes come next."""
        assert self.read(len(data)) == data

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            assert more, f"closed after {data!r}, {size - len(data)} bytes were missing"
            data += more
        return data

    def put(self, *pieces):
        """Bytes as they are; several go out as segments of their own."""
        for piece in pieces:
            self.socket.sendall(piece)
            if len(pieces) > 1:
                time.sleep(0.002)

    def send(self, body):
        self.put(self.dialect.encode(body))

    def info(self, data='{"room": "attic"}'):
        return f"{self.uuid}##{self.kind}##{data}".encode()

    def identify(self, data='{"room": "attic"}'):
        """Answer getinfo; the Manager has accepted once a handler or get_clients shows it."""
        self.expect(self.dialect.getinfo)
        self.send(self.info(data))
        return self

    def beat(self):
        """Answer one heartbeat."""
        self.expect(self.dialect.heart)
        self.put({"raw": b"beat", "terminated": b"\x02", "length": b"\0\1\2"}[self.framing])

    def expect_end(self):
        """The Manager says that this is the end, and closes."""
        self.expect(self.dialect.end)
        self.expect_closed()

    def expect_closed(self):
        with contextlib.suppress(ConnectionResetError):
            assert self.socket.recv(1) == b""


def connected(manager, **options):
    """A device that the Manager has accepted, and its Client."""
    device = Device(manager, **options).identify()
    wait_for(lambda: client_of(manager, device))
    return device, client_of(manager, device)


def client_of(manager, device):
    found = [c for c in manager.get_clients() if c.data.uuid == device.uuid]
    return found[0] if found else None
