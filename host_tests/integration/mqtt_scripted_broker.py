"""A broker that does what a test says, connection by connection."""

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from types import TracebackType

from mqtt_owner import CONNACK, PINGRESP, PRESENT, PUBACK, PUBCOMP, PUBREC, PUBREL, ack, pub

from .mqtt_packets import Closed, packets, pid_of

DEADLINE_S = 60.0
END = pub(b"end", b"")  # what tells the device that the test is over
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 0x10, 0x30, 0x82, 0xC0, 0xE0


class Connection:
    """One connection of the device. What it cannot read in time raises TimeoutError."""

    def __init__(self, sock: socket.socket, broker: "ScriptedBroker") -> None:
        self.broker = broker
        self._sock = sock
        self._packets = packets(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        """Raises Closed."""
        try:
            self._sock.sendall(data)
        except ConnectionError:
            raise Closed from None

    def packet(self, deadline_s: float = DEADLINE_S) -> tuple[int, bytes]:
        """The next packet: its first byte, and what follows its length. Raises Closed, and
        TimeoutError, after which nothing more can be read."""
        self._sock.settimeout(deadline_s)
        return next(self._packets)

    def greet(self, present: bool = False) -> None:
        """Take CONNECT, answer CONNACK. ``present``: the session is kept."""
        assert self.packet()[0] == CONNECT
        if not present:
            self.broker.unreleased.clear()
        self.send(PRESENT if present else CONNACK)

    def expect(self, kind: int) -> tuple[int, bytes]:
        """The next packet must be of this kind (its first four bits); SUBSCRIBE is answered."""
        while True:
            first, body = self.packet()
            if first != SUBSCRIBE:
                assert first & 0xF0 == kind & 0xF0, (hex(first), body)
                return first, body
            self.answer(first, body)

    def expect_close(self) -> None:
        """The device closes, whatever it still sends."""
        with contextlib.suppress(Closed):
            while True:
                self.packet()

    def read_nothing(self) -> None:
        """Until the device connects anew: its close waits behind what is not read."""
        self.broker.wait_for_another()

    def serve(self, count: int = 0) -> None:
        """Answer everything as it should be; tell the device when there are ``count`` different
        messages, until it closes."""
        with contextlib.suppress(Closed):
            while len(set(self.broker.messages)) < count:
                self.answer(*self.packet())
            self.send(END)
            while True:
                self.answer(*self.packet())

    def answer(self, first: int, body: bytes) -> None:
        """Answer one packet."""
        kind = first & 0xF0
        if first == SUBSCRIBE:
            self.send(b"\x90\3" + body[:2] + body[-1:])  # there is one filter
        elif kind == PUBLISH:
            self._published(first >> 1 & 3, body)
        elif first == PUBREL:
            self.broker.unreleased.discard(pid_of(body))
            self.send(ack(PUBCOMP, pid_of(body)))
        elif kind == PUBREC:
            self.send(ack(PUBREL, pid_of(body)))
        elif first == PINGREQ:
            self.send(PINGRESP)
        else:
            assert kind in (PUBACK, PUBCOMP, DISCONNECT), (hex(first), body)

    def _published(self, qos: int, body: bytes) -> None:
        at = 2 + pid_of(body)
        pid = pid_of(body[at:]) if qos else 0
        if qos < 2 or pid not in self.broker.unreleased:
            self.broker.messages.append(body[at + 2 if qos else at :])
        if qos == 2:
            self.broker.unreleased.add(pid)
        if qos:
            self.send(ack(PUBACK if qos == 1 else PUBREC, pid))


Script = Callable[[Connection], None]


def serve(count: int = 0, present: bool = True) -> Script:
    """A broker as it should be, until ``count`` different messages have come."""

    def script(connection: Connection) -> None:
        connection.greet(present)
        connection.serve(count)

    return script


def number(message: bytes) -> int:
    """Of a message of mqtt_faults_device."""
    return int(message[:5])


class ScriptedBroker:
    """Listens on a free ``port`` of 127.0.0.1; the n-th connection is met by the n-th script and
    closed when that ends, or was left by the device. ``messages``: those taken by
    `Connection.answer`; ``unreleased``: ids of QoS 2 messages.

    A context manager; leaving it waits for the scripts, and raises what they raised.
    """

    def __init__(self, *scripts: Script, rcvbuf: int = 0) -> None:
        self.messages: list[bytes] = []
        self.unreleased: set[int] = set()
        self._scripts = scripts
        self._error: BaseException | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE_S)
        if rcvbuf:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="scripted broker", daemon=True)

    def __enter__(self) -> "ScriptedBroker":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._thread.join(DEADLINE_S)
            assert not self._thread.is_alive(), "the script goes on"
        self._listener.close()
        if self._error:
            raise self._error  # says more than what the device did then

    def wait_for_another(self) -> None:
        """Until another connection is there to be accepted."""
        ready, _, _ = select.select([self._listener], [], [], DEADLINE_S)
        assert ready, "the device has not given up"

    def _run(self) -> None:
        try:
            for script in self._scripts:
                sock, _ = self._listener.accept()
                with sock, contextlib.suppress(Closed):
                    script(Connection(sock, self))
        except BaseException as error:
            self._error = error
