"""A WebSocket server that speaks JSON in lockstep with one device; see `peer`."""

import json
import socket
from typing import Any

from motelink_tools.bench import peer, websocket_operations

_TEXT = 0x81


def say(connection: socket.socket, message: Any) -> None:
    """A text frame of less than 64 KiB."""
    data = json.dumps(message).encode()
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    connection.sendall(bytes([_TEXT]) + size + data)


def hear(connection: socket.socket) -> Any:
    """The next text frame."""
    size = peer.receive(connection, 2)[1] & 127
    if size == 126:
        size = int.from_bytes(peer.receive(connection, 2), "big")
    mask = peer.receive(connection, 4)
    data = peer.receive(connection, size)
    return json.loads(bytes(byte ^ mask[i & 3] for i, byte in enumerate(data)))


def welcome(connection: socket.socket) -> None:
    """Answer the handshake."""
    websocket_operations.welcome(connection)
