"""The other end of a real loopback connection, scripted by the test that also drives the client.

Both ends live in one thread: whatever the peer waits for, it lets the client take its turns
meanwhile (``turn``), and gives up loudly after ``DEADLINE_MS``.
"""

import select
import socket
import struct

from motelink import port
from motelink.backoff import Backoff
from motelink.manager import Client
from owner import BEAT, GETINFO, frame

DEADLINE_MS = 60000
UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
INFO = UUID.encode() + b'##kettle##{"a": 1}'

_SOL_SOCKET, _SO_RCVBUF, _SO_LINGER = 1, 8, 13  # Linux: MicroPython has no names for them


class Peer:
    """Listens on a free port of the loopback interface; ``sock`` is the accepted connection.

    ``turn()`` is what passes the time while it waits.
    """

    def __init__(self):
        self.listener, self.port = _listen()
        self.sock = None
        self.turn = None

    def wait(self, condition, what="a condition"):
        """Pass the time until ``condition()`` is true; returns what it returned."""
        end = port.ticks_add(port.ticks_ms(), DEADLINE_MS)
        while True:
            result = condition()
            if result:
                return result
            assert port.ticks_diff(end, port.ticks_ms()) > 0, "waited in vain for " + what
            if self.turn:
                self.turn()

    def accept(self):
        """Take the next connection; the one before is closed."""
        self.hang_up()
        self.wait(lambda: _readable(self.listener), "a connection")
        self.sock = self.listener.accept()[0]

    def send(self, data):
        """Send bytes; few enough that the socket takes them."""
        assert self.sock.send(data) == len(data)

    def receive(self, n):
        """Exactly the next ``n`` bytes."""
        data = b""
        while len(data) < n:
            self.wait(lambda: _readable(self.sock), "%d bytes, got %s" % (n, data))
            more = self.sock.recv(n - len(data))
            assert more, "the client closed after %s" % data
            data += more
        return data

    def receive_into(self, buf):
        """Receive at most ``len(buf)`` bytes. Allocates nothing."""
        if hasattr(self.sock, "readinto"):
            self.sock.readinto(buf)
        else:
            self.sock.recv_into(buf)

    def expect(self, data):
        """The next bytes must be these."""
        came = self.receive(len(data))
        assert came == data, (came, data)

    def expect_silence(self):
        """Nothing has come, though the client has had its turns."""
        for _ in range(5):
            self.turn()
        assert not _readable(self.sock), self.sock.recv(100)

    def expect_close(self):
        """The client closes."""
        self.wait(lambda: _readable(self.sock), "a close")
        try:
            assert self.sock.recv(100) == b""
        except OSError:
            pass  # it had not read all that was sent: a reset

    def read_slowly(self):
        """Make the kernel's buffers small, as a board's are. Before the client connects."""
        self.listener.setsockopt(_SOL_SOCKET, _SO_RCVBUF, 2048)

    def hang_up(self):
        """Close the connection."""
        if self.sock:
            self.sock.close()
            self.sock = None

    def reset(self):
        """Break the connection, as a crash or a firewall does (RST)."""
        self.sock.setsockopt(_SOL_SOCKET, _SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()

    def close(self):
        self.hang_up()
        self.listener.close()


class Session:
    """A client and its peer, and what the client's handlers were told: ``heard`` is the list of
    ``"connect"``, messages as bytes, and ``("end", error)``.

    ``with Session("length") as session``. Further arguments are the client's.
    """

    def __init__(self, dialect, data=None, known=True, **options):
        self.dialect = dialect
        self.heard = []
        self.peer = peer = Peer()
        options.setdefault("backoff", Backoff(1, 1, lambda bits: 0))
        self.client = client = Client(
            "127.0.0.1", UUID, "kettle", data or {"a": 1}, peer.port, dialect, **options
        )
        client.on_connect = lambda: self.heard.append("connect")
        client.on_message = lambda message: self.heard.append(message.bytes())
        client.on_end = lambda error: self.heard.append(("end", error))
        peer.turn = lambda: client.step(1)
        self._known = known

    def __enter__(self):
        if self._known:
            self.connect()
        return self

    def __exit__(self, *_):
        self.client.end()
        self.peer.close()

    def connect(self, info=INFO):
        """Accept the client and let it introduce itself."""
        self.peer.accept()
        self.peer.send(GETINFO[self.dialect])
        self.peer.expect(frame(self.dialect, info))

    def say(self, payload):
        """Send an application message."""
        self.peer.send(frame(self.dialect, payload))

    def expect(self, payload):
        """The client has sent this application message."""
        self.peer.expect(frame(self.dialect, payload))

    def expect_beat(self):
        self.peer.expect(BEAT[self.dialect])

    def wait(self, condition):
        return self.peer.wait(condition)


def _listen():
    while True:
        number = 20000 + port.getrandbits(15)
        listener = socket.socket()
        try:
            listener.bind(socket.getaddrinfo("127.0.0.1", number)[0][-1])
            listener.listen(5)
        except OSError:
            listener.close()  # taken; MicroPython cannot tell which port 0 has got
            continue
        return listener, number


def _readable(sock):
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
