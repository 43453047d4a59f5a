"""motelink.manager.Client.send: what it takes and refuses, and a peer or socket that is slow."""

from kit import Random, raises
from motelink.manager import Client
from owner import BEAT, DIALECTS, GETINFO, HEART, frame
from peer import INFO, UUID, Session
from wire import Wire

OVERHEAD = {"raw": 0, "terminated": 1, "length": 2}
SPARE = 4  # what send leaves free for the answer to a heartbeat


def test_not_connected():
    for dialect in DIALECTS:
        with Session(dialect, known=False) as session:
            client = session.client
            assert client.send(b"before it ran") is False
            session.peer.accept()
            assert client.send(b"before getinfo") is False
            session.peer.send(GETINFO[dialect])
            session.peer.expect(frame(dialect, INFO))
            assert client.send(b"now") is True
            session.expect(b"now")
            client.end()
            assert client.send(b"after the end") is False


def test_what_a_dialect_cannot_carry_is_refused_at_any_time():
    bad = {"raw": b"beat", "terminated": b"a\xffb", "length": b"\x02"}
    for dialect in DIALECTS:
        with Session(dialect, known=False) as session:
            raises(ValueError, session.client.send, bad[dialect])
            session.connect()
            raises(ValueError, session.client.send, bad[dialect])
            assert session.client.connected
            session.peer.expect_silence()


def test_what_can_never_fit():
    for dialect in DIALECTS:
        with Session(dialect, tx_size=200, known=False) as session:
            most = 200 - OVERHEAD[dialect] - SPARE
            error = raises(ValueError, session.client.send, b"x" * (most + 1))
            assert "tx_size=200" in str(error), error
            assert session.client.send(b"x" * most) is False
            session.connect()
            raises(ValueError, session.client.send, b"x" * (most + 1))
            assert session.client.send(b"x" * most) is True
            session.expect(b"x" * most)


def test_broken_connection():
    for dialect in DIALECTS:
        with Session(dialect) as session:
            session.client.sock, sock = Wire(take=OSError(104)), session.client.sock
            session.client.loop.poll.unregister(sock)
            session.client.loop.poll = _Masks()
            assert session.client.send(b"hello") is False
            assert not session.client.connected
            assert "104" in str(session.client.last_error)
            sock.close()


class _Masks:
    """A poll that remembers what was last asked of it."""

    mask = None

    def modify(self, _, mask):
        self.mask = mask

    def unregister(self, _):
        """Nothing was registered."""


class _Loop:
    moved = False

    def __init__(self):
        self.poll = _Masks()


def _open(dialect, *incoming, **options):
    """A connected client on a wire that takes what the options say."""
    client = Client("127.0.0.1", UUID, "kettle", {"a": 1}, framing=dialect, tx_size=200)
    client.loop = _Loop()
    client.sock = Wire(*incoming, **options)
    client.state = 3
    client.connected = True
    return client


def test_partial_writes():
    random = Random(31)
    for dialect in DIALECTS:
        client = _open(dialect, take=0)
        expected = b""
        for _ in range(300):
            message = bytes([random.choice(b"abcdefgh") for _ in range(1 + random.below(40))])
            if client.send(message):
                expected += frame(dialect, message)
            client.sock.take += random.below(30)
            if client.tx.end:
                client.ready(4)
        client.sock.take = 1000
        while client.tx.end:
            client.ready(4)
        assert client.sock.sent == expected, dialect
        assert client.loop.poll.mask == 1


def test_what_is_left_waits_for_the_socket():
    for dialect in DIALECTS:
        client = _open(dialect, take=3)
        assert client.send(b"hello")
        assert client.loop.poll.mask == 5
        client.sock.take = 1
        client.ready(4)
        assert client.loop.poll.mask == 5
        client.sock.take = 100
        client.ready(4)
        assert client.loop.poll.mask == 1
        assert client.sock.sent == frame(dialect, b"hello")


def test_one_write_a_message():
    for dialect in DIALECTS:
        client = _open(dialect, GETINFO[dialect], HEART[dialect])
        client.ready(1)
        client.ready(1)
        assert client.sock.writes == 2, (dialect, client.sock.writes)
        client.send(b"hello")
        assert client.sock.writes == 3, (dialect, client.sock.writes)


def test_beat_waits_for_the_socket():
    for dialect in DIALECTS:
        client = _open(dialect, HEART[dialect], take=0)
        client.ready(1)
        assert client.loop.poll.mask == 5
        assert client.sock.sent == b""
        client.sock.take = 100
        client.ready(4)
        assert client.sock.sent == BEAT[dialect]
        assert client.loop.poll.mask == 1


def test_sending_all_at_once_ends_the_wait_for_the_socket():
    for dialect in DIALECTS:
        client = _open(dialect, take=3)
        assert client.send(b"hello")
        client.sock.take = 100
        assert client.send(b"world")  # takes what was left with it
        assert not client.tx.end
        client.ready(4)  # as the loop was asked to tell
        assert client.loop.poll.mask == 1, dialect


def test_receiving_ends_the_wait_for_the_socket():
    for dialect in DIALECTS:
        client = _open(dialect, HEART[dialect], take=3)
        assert client.send(b"hello")
        client.sock.take = 100
        client.ready(1)
        assert client.sock.sent == frame(dialect, b"hello") + BEAT[dialect]
        client.ready(4)
        assert client.loop.poll.mask == 1, dialect


def test_peer_that_stops_reading():
    for dialect in DIALECTS:
        with Session(dialect, tx_size=256) as session:
            client, peer = session.client, session.peer
            message = b"0123456789abcdef" * 6
            size = len(frame(dialect, message))
            taken = 0
            while client.send(message):
                taken += 1
            assert client.connected
            # A heartbeat in this moment is answered behind what waits.
            peer.send(HEART[dialect])
            session.wait(lambda client=client: client.beats)
            assert client.connected, client.last_error
            while taken:
                n = min(taken, 40)
                assert peer.receive(n * size) == frame(dialect, message) * n
                taken -= n
            session.expect_beat()
            peer.expect_silence()
            assert client.send(b"and on")
            session.expect(b"and on")
            assert not client.tx.end
            assert list(client.loop.poll.ipoll(0)) == []  # it waits for input only
            assert client.errors == 0, client.last_error


def test_getinfo_that_cannot_be_answered_closes():
    for dialect in DIALECTS:
        client = _open(dialect, take=0)
        while client.send(b"x" * 90):
            pass
        client.sock.incoming.append(GETINFO[dialect])
        error = raises(OSError, client.ready, 1)
        assert "buffer of 200" in str(error), error
