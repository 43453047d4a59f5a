"""motelink.stream: bytes between a socket and two fixed buffers."""

from kit import Random, no_alloc, raises
from motelink import port
from motelink.errors import ConnectionLost, TooLarge
from motelink.stream import Stream
from peer import Peer
from wire import Endless, Wire


def _stream(*incoming, rx=20, tx=20, **options):
    stream = Stream(rx, tx)
    stream.sock = Wire(*incoming, **options)
    return stream


def _received(stream):
    return bytes(stream.rx.data[stream.rx.start : stream.rx.end])


# Receiving.


def test_fill_takes_what_there_is():
    stream = _stream(b"hello", b"world")
    assert stream.fill() == 5
    assert stream.fill() == 5
    assert _received(stream) == b"helloworld"
    assert stream.fill() == 0  # would block


def test_fill_takes_no_more_than_fits():
    stream = _stream(b"x" * 50)
    assert stream.fill() == 20
    assert len(stream.rx) == 20
    raises(TooLarge, stream.fill)
    stream.rx.start += 15
    assert stream.fill() == 15
    assert len(stream.rx) == 20


def test_fill_begins_anew_when_all_is_consumed():
    stream = _stream(b"x" * 20, b"y" * 20)
    stream.fill()
    stream.rx.start = stream.rx.end
    assert stream.fill() == 20
    assert _received(stream) == b"y" * 20
    stream.rx.start = stream.rx.end
    assert stream.fill() == 0
    assert len(stream.rx) == 0


def test_any_stream_arrives_whole():
    random = Random(61)
    for _ in range(20):
        sent = random.bytes(400)
        segments = []
        at = 0
        while at < len(sent):
            n = 1 + random.below(90)
            segments.append(sent[at : at + n])
            at += n
        stream = _stream(*segments, rx=1 + random.below(150))
        came = b""
        while stream.sock.incoming:
            stream.fill()
            n = 1 + random.below(len(stream.rx))
            came += _received(stream)[:n]
            stream.rx.start += n
        assert came + _received(stream) == sent


def test_end_of_the_stream():
    stream = _stream(b"last", b"")
    stream.fill()
    assert "closed by the other side" in str(raises(ConnectionLost, stream.fill))
    assert _received(stream) == b"last"


def test_broken_connection():
    for stream in (_stream(OSError(104)), _stream(b"ok", OSError(104))):
        error = None
        while not error:
            try:
                stream.fill()
            except OSError as lost:
                error = lost
        assert "104" in str(error)


# Sending.


def test_write_goes_out_at_once():
    stream = _stream()
    stream.write(b"hello")
    assert (stream.sock.sent, stream.sock.writes, len(stream.tx)) == (b"hello", 1, 0)
    stream.write(b"")
    assert stream.sock.sent == b"hello"


def test_write_keeps_what_the_socket_does_not_take():
    for take in range(6):
        stream = _stream(take=take)
        stream.write(b"hello")
        stream.write(b" world")
        assert stream.sock.sent == b"hello"[:take]
        stream.sock.take = 100
        assert stream.flush() is True
        assert stream.sock.sent == b"hello world", take


def test_write_never_overtakes():
    stream = _stream(take=0)
    stream.write(b"one")
    stream.sock.take = 100
    stream.write(b"two")
    assert stream.sock.sent == b""
    stream.flush()
    assert stream.sock.sent == b"onetwo"


def test_write_that_does_not_fit():
    stream = _stream(take=0)
    raises(TooLarge, stream.write, b"x" * 21)
    stream.write(b"x" * 18)
    raises(TooLarge, stream.write, b"yyy")
    stream.sock.take = 100
    stream.flush()
    assert stream.sock.sent == b"x" * 18


def test_flush_in_pieces():
    stream = _stream(most=3)
    stream.tx.put(b"0123456789")
    assert [stream.flush() for _ in range(4)] == [False, False, False, True]
    assert stream.sock.sent == b"0123456789"
    assert len(stream.tx) == 0


def test_flush_that_would_block():
    stream = _stream(take=0)
    stream.tx.put(b"hello")
    assert stream.flush() is False
    assert len(stream.tx) == 5


def test_sending_on_a_broken_connection():
    stream = _stream(take=OSError(32))
    assert "32" in str(raises(OSError, stream.write, b"x"))
    stream.tx.put(b"x")
    assert "32" in str(raises(OSError, stream.flush))


def test_moving_bytes_allocates_nothing():
    stream = Stream(200, 200)
    stream.sock = Endless(b"0123456789" * 7)
    data = b"answer"

    def move():
        stream.fill()
        stream.rx.start += 3
        stream.fill()  # behind what is there
        stream.rx.clear()
        stream.write(data)
        stream.tx.put(data)
        stream.flush()

    no_alloc(move)


# Real sockets.


def _poll(stream, mask):
    """Wait until it is ready."""
    poll = port.poller()
    poll.register(stream.sock, mask)
    for _, events in poll.ipoll(10000):
        return events
    raise AssertionError("not ready in 10 s")


def test_connect_exchange_close():
    peer = Peer()
    stream = Stream(20, 20)
    stream.open(port.resolve("127.0.0.1", peer.port))
    assert _poll(stream, port.POLL_OUT) == port.POLL_OUT
    peer.accept()
    assert stream.fill() == 0  # never blocks
    stream.write(b"hello")
    peer.expect(b"hello")
    peer.send(b"world")
    assert _poll(stream, port.POLL_IN) == port.POLL_IN
    stream.fill()
    assert _received(stream) == b"world"
    stream.close()
    peer.expect_close()
    assert stream.sock is None
    assert len(stream.rx) == 0
    stream.close()  # once more is harmless
    peer.close()


def test_connect_refused():
    peer = Peer()
    peer.close()
    stream = Stream(20, 20)
    try:
        stream.open(port.resolve("127.0.0.1", peer.port))
        assert _poll(stream, port.POLL_OUT) & port.POLL_BROKEN
        raises(ConnectionLost, stream.fill)
    except OSError:
        pass  # some systems say so at once
    stream.close()


def test_open_closes_what_was_open():
    peer = Peer()
    stream = Stream(20, 20)
    address = port.resolve("127.0.0.1", peer.port)
    stream.open(address)
    peer.accept()
    stream.tx.put(b"old")
    stream.open(address)
    peer.expect_close()
    assert len(stream.tx) == 0
    stream.close()
    peer.close()


def test_a_close_that_fails_is_a_close():
    class Broken(Wire):
        def close(self):
            raise OSError(5)

    stream = _stream()
    stream.sock = Broken()
    stream.close()
    assert stream.sock is None
