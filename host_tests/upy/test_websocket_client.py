"""motelink.websocket over real loopback connections: messages, pings, handlers, the end."""

from kit import raises
from motelink import log, port
from motelink.errors import ConnectionLost, ProtocolError, TimedOut
from websocket_peer import BINARY, CLOSE, PING, PONG, TEXT, closed, frame
from websocket_session import Session

HEAP = "256k"
log.set_level("off")


def test_handshake_and_pong_have_deadlines():
    with Session(answer_ms=50, keepalive=1) as session:
        session.hello()
        session.refused(TimedOut)
        session.connect()
        session.heard.clear()
        assert session.frames(6) == [(PING, True, b"")]
        error = session.refused(TimedOut)
        assert "pong" in str(error)


def test_pings_go_on_while_they_are_answered():
    with Session(answer_ms=500, keepalive=1) as session:
        session.connect()
        for _ in range(2):
            assert session.frames(6) == [(PING, True, b"")]
            session.peer.send(frame(PONG))
        assert session.client.connected


def test_text_binary_ping_close():
    with Session() as session:
        client = session.client
        assert not client.send_text(b"too early") and not client.ping()
        session.connect()
        assert client.send_text("grüße") and client.send_text(b"x" * 100) and client.ping(b"?")
        assert client.send_text(b"a", False) and client.send_binary(b"b")
        assert session.frames(6 + 7 + 106 + 7 + 7 + 7) == [
            (TEXT, True, "grüße".encode()),
            (TEXT, True, b"x" * 100),
            (PING, True, b"?"),
            (TEXT, False, b"a"),
            (0, True, b"b"),
        ]
        session.peer.send(frame(BINARY, b"\x00\xff") + frame(PING, b"1"))
        assert session.frames(7) == [(PONG, True, b"1")]
        assert session.heard == ["connect", b"\x00\xff"]
        client.leave(1001, "off")
        assert session.frames(11) == [(CLOSE, True, b"\x03\xe9off")]
        assert not client.send_text(b"late")
        session.peer.send(closed(1001))
        session.peer.wait(lambda: session.heard[-1] is None, "the end")
        session.peer.expect_close()


def test_close_that_is_not_answered():
    with Session(answer_ms=30) as session:
        session.connect()
        session.client.leave()
        session.peer.wait(lambda: session.heard[-1] is None, "the end")


def test_a_pong_does_not_put_off_the_end():
    with Session(answer_ms=200, keepalive=1000) as session:
        client = session.client
        session.connect()
        client._pinged = True  # as in each keepalive
        client.leave()
        session.peer.send(frame(PONG))
        session.peer.wait(lambda: session.heard[-1] is None, "the end")
        assert not client.errors


def test_who_has_left_stays_closed_however_the_server_takes_it():
    for spoiled in (b"", b"\xff\xff", None):
        with Session() as session:
            session.connect()
            session.client.leave()
            assert session.frames(8) == [(CLOSE, True, b"\x03\xe8")]
            if spoiled:
                session.peer.send(spoiled)
            elif spoiled is None:
                session.peer.reset()
            else:
                session.peer.hang_up()
            loop = session.client.loop
            session.peer.wait(lambda loop=loop: not loop.clients, "the end")
            assert session.heard == ["connect", None] and session.client.connects == 1


def test_leave_of_a_connection_that_is_broken_already():
    for leave in ("leave", "end"):
        with Session() as session:
            session.connect()
            session.peer.reset()
            getattr(session.client, leave)()
            assert session.client not in session.client.loop.clients
            assert session.heard == ["connect", None]


def test_leave_where_there_is_no_room_to_say_so():
    with Session() as session:
        client = session.client
        session.connect()
        client.tx.put(b"x" * client.tx.room())
        client.leave()
        assert client not in client.loop.clients and session.heard == ["connect", None]


def test_end_takes_leave():
    with Session() as session:
        session.connect()
        session.client.end()
        assert session.frames(8) == [(CLOSE, True, b"\x03\xe8")]
        assert session.heard == ["connect", None]


def test_closed_by_the_server_and_back_again():
    with Session() as session:
        session.connect()
        session.peer.send(closed(1012, b"restart"))
        assert session.frames(8) == [(CLOSE, True, b"\x03\xf4")]
        error = session.refused(ConnectionLost)
        assert (error.code, error.reason) == (1012, "restart")
        session.connect()
        assert session.client.send_text(b"again")
        assert session.frames(11) == [(TEXT, True, b"again")]


def test_violation_is_answered_and_raised():
    with Session() as session:
        session.connect()
        session.peer.send(frame(TEXT, b"\xff"))
        assert session.frames(8) == [(CLOSE, True, b"\x03\xef")]
        assert session.refused(ProtocolError).code == 1007


def test_pieces_and_sizes():
    with Session(rx_size=100) as session:
        client = session.client
        session.connect()
        pieces = []
        client.on_oversize = pieces.append
        session.peer.send(frame(TEXT, b"x" * 500) + frame(TEXT, b"next"))
        session.peer.wait(lambda: session.heard[-1] == b"next")
        assert pieces == [500] and client.oversized == 1
        client.on_chunk = lambda message, at, last: pieces.append((at, len(message), last))
        session.peer.send(frame(TEXT, b"y" * 101))
        session.peer.wait(lambda: client.oversized == 2)
        assert pieces[-1] == 101 and pieces[-2][2] and pieces[1][0] == 0


def test_a_pong_may_wait_behind_a_large_message_while_that_goes_on():
    with Session(rx_size=100, answer_ms=1000000) as session:
        client = session.client
        pieces = []
        client.on_chunk = lambda message, at, last: pieces.append(at)
        session.connect()
        client.deadline = port.ticks_ms()
        assert session.frames(6) == [(PING, True, b"")]
        data = frame(BINARY, b"x" * 500)
        for part in (data[:300], data[300:]):
            client.deadline = port.ticks_add(port.ticks_ms(), 100000)
            n = len(pieces)
            session.peer.send(part)
            session.peer.wait(lambda n=n: len(pieces) > n)
            assert port.ticks_diff(client.deadline, port.ticks_ms()) > 500000
        session.peer.send(frame(PONG))
        session.peer.wait(lambda: port.ticks_diff(client.deadline, port.ticks_ms()) < 500000)
        assert client.connected


def test_handlers_that_raise_and_those_that_end():
    with Session() as session:
        client = session.client

        def broken(message):
            raise ValueError("broken")

        client.on_message = broken
        session.connect()
        session.peer.send(frame(TEXT, b"a") + frame(TEXT, b"b"))
        session.peer.wait(lambda: client.handler_errors == 2)
        assert client.connected
        heard = []

        def once_broken(message):
            heard.append(message.text())
            if len(heard) == 2:
                raise ValueError("broken")

        client.on_message = once_broken
        session.peer.send(b"".join([frame(TEXT, bytes([c])) for c in b"abcdef"]))
        session.peer.wait(lambda: len(heard) == 6)
        assert "".join(heard) == "abcdef" and client.handler_errors == 3
        client.on_message = lambda message: client.end()
        session.peer.send(frame(TEXT, b"a") + frame(TEXT, b"b"))
        session.peer.wait(lambda: session.heard[-1] is None)


def test_handler_that_runs_the_client():
    with Session() as session:
        client = session.client
        heard = []

        def on_message(message):
            heard.append(message.text())
            if len(heard) == 1:
                session.peer.send(frame(TEXT, b"c"))
                session.peer.wait(lambda: "c" in heard)

        client.on_message = on_message
        session.connect()
        session.peer.send(frame(TEXT, b"a") + frame(TEXT, b"b"))
        session.peer.wait(lambda: len(heard) == 3)
        assert heard == ["a", "b", "c"] and not client.handler_errors and client.connected


def test_interrupted_while_it_looks_at_texts():
    with Session() as session:
        client = session.client
        heard = []
        client.on_message = lambda message: heard.append(message.text())
        session.connect()
        client.texts.close()
        session.peer.send(frame(TEXT, b"a") + frame(TEXT, b"b"))
        session.peer.wait(lambda: len(heard) == 2)
        assert heard == ["a", "b"] and next(client.texts) is None


class Interrupting:
    """A payload during which Ctrl-C is pressed."""

    def __len__(self):
        raise KeyboardInterrupt


def test_interrupted_while_it_sends():
    with Session() as session:
        client = session.client
        session.connect()
        raises(KeyboardInterrupt, client.send_text, Interrupting())
        assert client.send_text(b"a") and client.connected
        raises(TypeError, client.send_text, 5)
        assert client.send_text(b"b") and client.connected
        assert session.frames(14) == [(TEXT, True, b"a"), (TEXT, True, b"b")]
