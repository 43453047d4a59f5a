"""The manager's operations that are measured: the program on the device, and the server's part."""

import socket
from dataclasses import dataclass

from motelink_tools.bench import peer
from motelink_tools.bench.repeated import WARM_UP, Repeated

_MESSAGE = b"temperature 21.5"
_MARK = (b"mark", b"marked")


@dataclass(frozen=True)
class Operation(Repeated):
    """``request`` is what the server sends each time, nothing where the device sends by itself;
    ``answer`` is what comes back. ``floor`` is what it is compared with."""

    request: bytes
    answer: bytes
    floor: str = "floor.recv_send"

    def converse(self, connection: socket.socket, count: int) -> None:
        """The server's part; a floor greets nobody and warms up by itself."""
        if self.key.startswith("floor."):
            peer.exchange(connection, self.request, self.answer, WARM_UP + count)
            return
        peer.exchange(connection, *peer.GETINFO)
        peer.exchange(connection, *peer.HEARTBEAT, WARM_UP)
        peer.exchange(connection, *_MARK)
        peer.exchange(connection, self.request, self.answer, count)
        peer.exchange(connection, *_MARK)


CLIENT = [
    Operation("manager.heartbeat", "manager_operation", *peer.HEARTBEAT),
    Operation("manager.getinfo", "manager_operation", *peer.GETINFO),
    Operation("manager.receive", "manager_operation", _MESSAGE, b"k"),
    Operation("manager.send", "manager_operation", b"", _MESSAGE, floor="floor.send"),
]
FLOORS = [
    Operation("floor.recv_send", "socket_floor", *peer.HEARTBEAT),
    Operation("floor.readinto_write", "socket_floor", *peer.HEARTBEAT),
    Operation("floor.poll_readinto_write", "socket_floor", *peer.HEARTBEAT),
    Operation("floor.send", "socket_floor", b"", _MESSAGE),
]
EXPLAINED = (
    "floor.recv_send is sock.recv(1); sock.send(b'beat') in a loop: it blocks and allocates, and "
    "the larger the heap, the longer the allocator searches it. "
    "floor.readinto_write is the same without allocating, floor.poll_readinto_write also polls "
    "a socket that never blocks. Ratios are to floor.recv_send, and that of send to floor.send. "
    "receive is with a handler that answers by the bare socket."
)
