"""The operations that are measured: the program on the device, and the server's part."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from motelink_tools.bench import peer
from motelink_tools.bench.lab import HEAP, Lab
from motelink_tools.errors import ToolError

# The collector is off while allocations are counted; the greediest floor fits.
_HEAP_TO_COUNT_IN = "8m"
# Spans several collections of the floor that allocates: garbage slows the allocator down.
_COUNT = 4000
_WARM_UP = 20  # as in on_device/socket_floor.py

_MESSAGE = b"temperature 21.5"
_MARK = (b"mark", b"marked")


@dataclass(frozen=True)
class Operation:
    """What the device repeats. ``request`` is what the server sends each time, nothing where the
    device sends by itself; ``answer`` is what comes back. ``floor`` is what it is compared with.
    """

    key: str
    program: str
    request: bytes
    answer: bytes
    floor: str = "floor.recv_send"

    @property
    def name(self) -> str:
        """What its program calls it."""
        return self.key.rpartition(".")[2]

    def heap(self, lab: Lab, count: int) -> dict[str, int]:
        """Bytes ``allocated`` by all of them, and ``total`` with what was freed again at once."""
        return self._run(lab, "heap", count, _HEAP_TO_COUNT_IN)

    def passes_locked(self, lab: Lab, count: int) -> bool:
        """Whether it works while the heap is locked."""
        try:
            self._run(lab, "locked", count)
        except ToolError as error:
            if "MemoryError" in str(error):
                return False
            raise
        return True

    def rate(self, lab: Lab, count: int) -> float:
        """Operations a second, the server's part and the loopback included."""
        return count / self._run(lab, "speed", count)["us"] * 1e6

    def instructions(self, lab: Lab, count: int = _COUNT) -> int:
        """Instructions an operation: the slope between so many and twice as many of them."""
        totals = []
        for times in (count, 2 * count):
            with self._server(times) as port:
                totals.append(lab.instructions(self.program, self.name, "speed", port, times))
        return round((totals[1] - totals[0]) / count)

    def _run(self, lab: Lab, mode: str, count: int, heap: str = HEAP) -> dict[str, int]:
        with self._server(count) as port:
            return lab.run(self.program, self.name, mode, port, count, heap=heap)

    @contextmanager
    def _server(self, count: int) -> Iterator[int]:
        def floor(connection: socket.socket) -> None:
            peer.exchange(connection, self.request, self.answer, _WARM_UP + count)

        def client(connection: socket.socket) -> None:
            peer.exchange(connection, *peer.GETINFO)
            peer.exchange(connection, *peer.HEARTBEAT, _WARM_UP)
            peer.exchange(connection, *_MARK)
            peer.exchange(connection, self.request, self.answer, count)
            peer.exchange(connection, *_MARK)

        with peer.serving(floor if self.key.startswith("floor.") else client) as port:
            yield port


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
