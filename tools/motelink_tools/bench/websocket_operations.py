"""The WebSocket operations that are measured, and a scripted server's part in each."""

import base64
import hashlib
import socket
from dataclasses import dataclass

from motelink_tools.bench import peer
from motelink_tools.bench.repeated import WARM_UP, Repeated

# As in on_device/websocket_operation.py.
_TEXT = b'{"celsius": 21.5, "humidity": 48, "where": "kitchen/fridge"}'
_SENT = 6 + len(_TEXT)
_HANDLED = b"k"  # what the handler writes on receipt, past all frames
_AT_ONCE = 10
_PING, _PONG = 6, b"\x8a\x00"
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class WebSocketOperation(Repeated):
    """One operation: ``websocket.send_text``. Of messages to be received ``at_once`` are on their
    way together."""

    at_once: int = 1

    def converse(self, connection: socket.socket, count: int) -> None:
        """The server's part."""
        welcome(connection)
        count += WARM_UP
        if self.name.startswith("send_text"):
            peer.receive(connection, _SENT * count)
        elif self.name.startswith("receive_text"):
            for first in range(0, count, self.at_once):
                now = min(self.at_once, count - first)
                connection.sendall((bytes([0x81, len(_TEXT)]) + _TEXT) * now)
                peer.receive(connection, now * len(_HANDLED))
        else:
            for _ in range(count):
                peer.receive(connection, _PING)
                connection.sendall(_PONG)


def welcome(connection: socket.socket) -> None:
    """Answer the handshake."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += peer.receive(connection, 1)
    fields = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if line)
    key = fields["Sec-WebSocket-Key"]
    proof = hashlib.sha1((key + _GUID).encode()).digest()  # noqa: S324 - the RFC has it
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(proof) + b"\r\n\r\n"
    )


def wait(connection: socket.socket) -> None:
    """A server that has nothing to say, until the client leaves."""
    welcome(connection)
    while connection.recv(64):
        pass


OPERATIONS = [
    WebSocketOperation(f"websocket.{name}", "websocket_operation")
    for name in ("send_text", "send_text_native", "receive_text_alone", "ping")
]
OPERATIONS.append(
    WebSocketOperation("websocket.receive_text", "websocket_operation", at_once=_AT_ONCE)
)
EXPLAINED = (
    f"A text of {len(_TEXT)} bytes, masked when sent, checked to be UTF-8 and handed to a handler "
    f"when received, {_AT_ONCE} on their way together, or alone, the waiting in poll included; "
    "the handler writes a byte. send_text_native: with motelink.websocket_mask. A ping is sent, "
    "its pong received."
)
