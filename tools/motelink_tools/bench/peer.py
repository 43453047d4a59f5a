"""The server that benchmarks measure against: plays its part in lockstep with one device.

A dialogue is a function of a connected socket. It runs in a thread of its own while the device
runs in its process, so that what is measured there holds nothing of the server.
"""

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterator

from motelink import manager_wire as wire
from motelink_tools.errors import ToolError

# What the server sends, and what comes back. INFO: as the programs of on_device/ say.
GETINFO = (
    bytes([wire.GETINFO]),
    b'1862cfe1-5dab-4d8e-a946-50d6728f830f##bench##{"firmware": "1.0.0"}',
)
HEARTBEAT = (bytes([wire.HEART]), wire.RAW_BEAT)

_DEADLINE_S = 120.0  # of one answer: a device under valgrind is slow

Dialogue = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(dialogue: Dialogue) -> Iterator[int]:
    """Hold this dialogue with the one device that connects inside; gives the port.

    Raises ToolError ``program_failed`` when the dialogue failed though the device did not.
    """
    trouble: list[Exception] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_DEADLINE_S)

        def serve() -> None:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connection.settimeout(_DEADLINE_S)
                    dialogue(connection)
            except (OSError, ToolError) as error:
                trouble.append(error)

        thread = threading.Thread(target=serve, name="bench-peer", daemon=True)
        try:
            thread.start()  # a signal may come in it
            yield listener.getsockname()[1]
        finally:
            # A device that never came must not hold us up; one that has come and gone may wait.
            if not select.select([listener], [], [], 0)[0]:
                listener.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(RuntimeError):  # it has not begun
                thread.join()
    if trouble:
        raise ToolError(f"the device did not play along: {trouble[0]}", kind="program_failed")


def exchange(connection: socket.socket, request: bytes, answer: bytes, count: int = 1) -> None:
    """Send a request and wait for its whole answer, ``count`` times; without a request, receive
    so many answers. Raises ToolError when others come."""
    if not request:
        receive(connection, count * len(answer))
        return
    for _ in range(count):
        connection.sendall(request)
        got = connection.recv(len(answer))
        if len(got) < len(answer):
            got += receive(connection, len(answer) - len(got))
        if got != answer:
            raise ToolError(f"expected {answer!r}, got {got!r}", kind="program_failed")


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes. Raises ToolError when the connection ends before."""
    pieces = b""
    while len(pieces) < size:
        piece = connection.recv(min(size - len(pieces), 65536))
        if not piece:
            raise ToolError(
                f"expected {size} bytes, the connection ended after {len(pieces)}",
                kind="program_failed",
            )
        pieces += piece
    return pieces
