"""motelink.manager.Client in steady state allocates nothing: each step under heap_lock over real
sockets, and 10,000 heartbeats without a collector.
"""

import gc

from kit import MICROPYTHON, no_alloc
from motelink import port
from motelink.manager import Client
from owner import BEAT, DIALECTS, GETINFO, HEART, frame
from peer import INFO, UUID, Session
from wire import Endless


def _exchange(session, request, answer):
    """A function for no_alloc: the request is sent, the client takes turns, all is answered."""
    client, peer = session.client, session.peer
    answers = bytearray(len(answer))

    def exchange():
        peer.sock.send(request)
        client.step(1000)
        client.step()  # nothing to do
        if answer:
            peer.receive_into(answers)

    no_alloc(exchange)
    assert answers == answer, (session.dialect, answers)
    assert client.connected
    assert client.errors == 0, client.last_error


def test_heartbeat():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            _exchange(session, HEART[dialect], BEAT[dialect])
            assert session.client.beats == 101


def test_getinfo():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            _exchange(session, GETINFO[dialect], frame(dialect, INFO))


def test_receiving():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            total = [0]

            def add(message, total=total):
                total[0] += message[0] + len(message)
                if message != b"\x05hello":
                    raise ValueError

            session.client.on_message = add
            _exchange(session, frame(dialect, b"\x05hello"), b"")
            assert total[0] == 101 * 11
            assert session.client.messages == 101
            assert session.client.handler_errors == 0


def test_receiving_without_a_handler():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            session.client.on_message = None
            _exchange(session, frame(dialect, b"hello"), b"")
            assert session.client.messages == 101


def test_receiving_in_two_segments():
    for dialect in ("terminated", "length"):
        with Session(dialect) as session:
            session.client.on_message = None
            client, sock = session.client, session.peer.sock
            message = frame(dialect, b"hello, world")
            halves = message[:5], message[5:]

            def receive(client=client, sock=sock, halves=halves):
                for half in halves:
                    sock.send(half)
                    client.step(1000)

            no_alloc(receive)
            assert client.messages == 101


def test_answering_inside_the_handler():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            client = session.client

            def answer(_, client=client):
                client.send(b"thanks")

            client.on_message = answer
            _exchange(session, frame(dialect, b"hello"), frame(dialect, b"thanks"))
            assert client.handler_errors == 0


def test_sending():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            client, peer = session.client, session.peer
            message = b"21.5 degrees"
            came = bytearray(len(frame(dialect, message)))

            def send(client=client, peer=peer, message=message, came=came):
                if not client.send(message):
                    raise ValueError
                client.step()
                peer.receive_into(came)

            no_alloc(send)
            assert came == frame(dialect, message)


def test_sending_while_the_socket_is_full():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            client = session.client
            while client.send(b"x" * 100):
                pass  # fill the kernel's buffers, and then our own
            assert len(client.tx) > 300
            assert no_alloc(client.send, b"x" * 140) is False
            no_alloc(client.step)
            assert client.connected


def test_idle_step():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            no_alloc(session.client.step)


def test_silence_deadline_that_is_met():
    with Session("length") as session:
        client = session.client

        def due():
            client.heard = True
            client.deadline = port.ticks_ms()
            client.step()

        no_alloc(due)
        assert client.connected


class _Loop:
    """What a client asks of its loop while it is open."""

    moved = False
    poll = None


def _open(dialect, segment):
    """A client whose socket gives ``segment`` for ever."""
    client = Client("127.0.0.1", UUID, "kettle", {"a": 1}, framing=dialect)
    client.loop = _Loop()
    client.sock = Endless(segment)
    client.state = 3
    client.connected = True
    return client


def _flat(client, n=10000):
    """``n`` times ready to read, with the collector off: not a byte may be gone."""
    for _ in range(10):
        client.ready(1)
    gc.collect()
    gc.disable()
    try:
        before = gc.mem_alloc() if MICROPYTHON else 0
        for _ in range(n):
            client.ready(1)
        after = gc.mem_alloc() if MICROPYTHON else 0
    finally:
        gc.enable()
    assert after == before, (after - before, "bytes allocated")


def test_10000_heartbeats_leave_the_heap_as_it_was():
    for dialect in DIALECTS:
        client = _open(dialect, HEART[dialect])
        _flat(client)
        assert client.beats == 10010
        assert client.sock.written == 10010 * len(BEAT[dialect])


def test_10000_messages_leave_the_heap_as_it_was():
    for dialect in DIALECTS:
        client = _open(dialect, frame(dialect, b"hello") + HEART[dialect])
        client.on_message = len
        _flat(client)
        assert client.messages == client.beats == 10010
