"""The fault proxy, seen by plain sockets at both ends."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest

from motelink_tools.faults import Cut, Direction, Fault, Proxy

DEADLINE_S = 60.0
UP, DOWN = Direction.UP, Direction.DOWN


class Ends:
    """A proxy, a server behind it, and as many connections through it as are asked for."""

    def __init__(self, stack: contextlib.ExitStack, *cuts: Cut | None) -> None:
        self._stack = stack
        self._listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._listener.settimeout(DEADLINE_S)
        port = self._listener.getsockname()[1]
        self.proxy = stack.enter_context(Proxy(port, cuts=cuts))

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """Both ends of a new connection: the client's, the server's. Raises ConnectionResetError
        for one that is cut so soon that it does not even seem to be there."""
        client = self._stack.enter_context(socket.socket())
        client.settimeout(DEADLINE_S)
        try:
            client.connect(("127.0.0.1", self.proxy.port))
        finally:
            server = self._stack.enter_context(self._listener.accept()[0])
            server.settimeout(DEADLINE_S)
        return client, server


@pytest.fixture
def make() -> Iterator[Callable[..., Ends]]:
    with contextlib.ExitStack() as stack:
        yield lambda *cuts: Ends(stack, *cuts)


def read(sock: socket.socket, n: int) -> bytes:
    data = b""
    while len(data) < n and (more := sock.recv(n - len(data))):
        data += more
    return data


def silent(sock: socket.socket) -> bool:
    """Nothing comes, not even the end."""
    sock.settimeout(0.1)
    try:
        sock.recv(1)
    except TimeoutError:
        return True
    finally:
        sock.settimeout(DEADLINE_S)
    return False


def broken(sock: socket.socket) -> bool:
    try:
        while sock.recv(100):
            pass
    except ConnectionResetError:
        return True
    return False


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_without_a_fault_it_is_a_wire(make: Callable[..., Ends]) -> None:
    ends = make()
    data = bytes(range(256)) * 2000
    for n in (1, 2):
        client, server = ends.connect()
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        assert read(server, len(data) + 1) == data
        server.sendall(data)
        server.close()
        assert read(client, len(data) + 1) == data
        assert ends.proxy.connections == n
    assert ends.proxy.up.passed == ends.proxy.down.passed == 2 * len(data)


def test_a_server_that_resets_resets_the_client(make: Callable[..., Ends]) -> None:
    client, server = make().connect()
    client.send(b"unread")
    assert server.recv(1) == b"u"
    server.close()  # with bytes unread: RST
    assert broken(client)


def test_nobody_at_the_target_is_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Proxy(port) as proxy, contextlib.suppress(ConnectionResetError):  # at once, or later
        with socket.create_connection(("127.0.0.1", proxy.port), DEADLINE_S) as client:
            client.recv(1)
        pytest.fail("no reset")


def test_pieces_arrive_one_by_one(make: Callable[..., Ends]) -> None:
    ends = make()
    ends.proxy.down.piece = 1
    ends.proxy.down.gap_s = 0.002
    client, server = ends.connect()
    begin = time.monotonic()
    server.sendall(b"0123456789")
    reads = []
    while sum(map(len, reads)) < 10:
        reads.append(client.recv(100))
    assert b"".join(reads) == b"0123456789"
    assert len(reads) > 3
    assert time.monotonic() - begin >= 0.018
    client.sendall(b"whole")
    assert server.recv(100) == b"whole"


def test_a_delay(make: Callable[..., Ends]) -> None:
    ends = make()
    client, server = ends.connect()
    ends.proxy.up.delay_s = 0.15
    begin = time.monotonic()
    client.sendall(b"late")
    assert server.recv(100) == b"late"
    assert time.monotonic() - begin >= 0.15
    server.sendall(b"at once")
    assert client.recv(100) == b"at once"
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("after", [0, 1, 7])
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.CLOSE])
def test_a_cut_after_so_many_bytes(
    make: Callable[..., Ends], direction: Direction, after: int, fault: Fault
) -> None:
    ends = make(Cut(direction, after, fault), None)
    try:
        client, server = ends.connect()
    except ConnectionResetError:
        assert (after, fault) == (0, Fault.RESET)
    else:
        source, sink = (client, server) if direction == UP else (server, client)
        felt = False
        try:
            source.sendall(b"0123456789")
        except ConnectionError:
            felt = True  # a socket says so once
        got = b""
        with contextlib.suppress(ConnectionResetError):
            got = read(sink, 100)
        assert got == b"0123456"[:after] or (fault == Fault.RESET and not got)
        assert (felt or broken(source)) == (fault == Fault.RESET)
    client, server = ends.connect()
    client.sendall(b"unharmed")
    assert server.recv(100) == b"unharmed"


def test_half_of_it_ends(make: Callable[..., Ends]) -> None:
    ends = make()
    client, server = ends.connect()
    ends.proxy.inflict(Fault.HALF_CLOSE, DOWN)
    assert client.recv(1) == b""
    client.sendall(b"still")
    assert server.recv(100) == b"still"
    server.sendall(b"unheard")
    assert client.recv(1) == b""
    client.close()
    assert server.recv(1) == b""


def test_a_black_hole_takes_all_and_tells_nobody(make: Callable[..., Ends]) -> None:
    ends = make()
    client, server = ends.connect()
    ends.proxy.inflict(Fault.BLACK_HOLE)
    client.sendall(b"x" * 1000000)
    assert silent(server)
    client.close()
    assert silent(server)
    client, server = ends.connect()
    client.sendall(b"another connection")
    assert server.recv(100) == b"another connection"


def test_a_pause_loses_nothing_and_is_felt(make: Callable[..., Ends]) -> None:
    ends = make(Cut(UP, 4, Fault.PAUSE))
    client, server = ends.connect()
    client.sendall(b"0123")
    assert read(server, 4) == b"0123"
    client.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while sent < 1 << 26:
            sent += client.send(b"x" * 65536)
    assert sent < 1 << 26
    assert silent(server)
    server.sendall(b"the other way")
    until(lambda: ends.proxy.down.passed == 13)
    ends.proxy.resume()
    assert len(read(server, sent)) == sent


def test_every_connection_from_now_on(make: Callable[..., Ends]) -> None:
    ends = make()
    first, at_server = ends.connect()
    ends.proxy.plan(repeat(Cut(DOWN, 0)))
    for _ in range(3):
        try:
            client, _ = ends.connect()
        except ConnectionResetError:
            continue
        assert broken(client)
    first.sendall(b"unharmed")
    assert at_server.recv(100) == b"unharmed"


def test_it_leaves_nothing_open(make: Callable[..., Ends]) -> None:
    ends = make()
    client, server = ends.connect()
    paused, _ = ends.connect()
    ends.proxy.inflict(Fault.PAUSE, UP)
    ends.proxy.__exit__(None, None, None)
    for sock in (client, server, paused):
        assert sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ends.proxy.port))
    with Proxy(1):
        pass
    ends.proxy.__enter__()  # and can begin again
