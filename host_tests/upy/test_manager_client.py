"""motelink.manager.Client over real sockets: the exchange with a Manager, in every dialect."""

from motelink import log
from motelink.errors import ConnectionLost, ProtocolError
from owner import BYE, DIALECTS, GETINFO, HEART, frame
from peer import INFO, Session


def _sessions(**options):
    for dialect in DIALECTS:
        with Session(dialect, **options) as session:
            yield session


def test_getinfo_is_answered_byte_exact():
    for session in _sessions(known=False):
        session.peer.accept()
        session.peer.expect_silence()  # the server speaks first
        assert not session.client.connected
        session.peer.send(GETINFO[session.dialect])
        session.peer.expect(frame(session.dialect, INFO))
        assert session.client.connected
        assert session.heard == ["connect"], session.heard


def test_getinfo_again_at_any_time():
    for session in _sessions():
        for _ in range(3):
            session.peer.send(GETINFO[session.dialect])
            session.peer.expect(frame(session.dialect, INFO))
        session.peer.expect_silence()
        assert session.heard == ["connect"], session.heard


def test_heartbeats():
    for session in _sessions():
        for beats in (1, 2, 3):
            session.peer.send(HEART[session.dialect])
            session.expect_beat()
            assert session.client.beats == beats
        session.peer.expect_silence()
        assert session.heard == ["connect"], session.heard


def test_heartbeat_before_getinfo():
    for session in _sessions(known=False):
        session.peer.accept()
        session.peer.send(HEART[session.dialect])
        session.expect_beat()
        assert not session.client.connected


def test_messages_both_ways():
    for session in _sessions():
        for payload in (b"hello", b"\x00\x04\xfe", b"x" * 400):
            session.say(payload)
            session.wait(lambda session=session: len(session.heard) == 2)
            assert session.heard.pop() == payload
            assert session.client.send(payload) is True
            session.expect(payload)
        assert session.client.messages == 3


def test_text_is_sent_as_utf8():
    for session in _sessions():
        assert session.client.send("Grüße")
        session.expect("Grüße".encode())


def test_everything_in_one_segment():
    for session in _sessions(known=False):
        session.peer.accept()
        session.peer.send(
            GETINFO[session.dialect] + HEART[session.dialect] + frame(session.dialect, b"hi")
        )
        session.peer.expect(frame(session.dialect, INFO))
        session.expect_beat()
        session.wait(lambda session=session: len(session.heard) == 2)
        assert session.heard == ["connect", b"hi"], session.heard


def test_one_byte_at_a_time():
    for dialect in ("terminated", "length"):
        with Session(dialect, known=False) as session:
            session.peer.accept()
            stream = GETINFO[dialect] + HEART[dialect] + frame(dialect, b"hi") + HEART[dialect]
            for i in range(len(stream)):
                session.peer.send(stream[i : i + 1])
                session.peer.turn()
            session.peer.expect(frame(dialect, INFO))
            session.expect_beat()
            session.expect_beat()
            assert session.heard == ["connect", b"hi"], session.heard


def test_end():
    for session in _sessions():
        session.peer.send(BYE[session.dialect])
        session.peer.expect_close()
        assert session.heard[0] == "connect"
        word, error = session.heard[1]
        assert word == "end"
        assert isinstance(error, ConnectionLost)
        assert "ended by the server" in str(error), error
        session.connect()  # and it comes back
        assert session.heard[2] == "connect"


def test_message_before_getinfo():
    for session in _sessions(known=False):
        session.peer.accept()
        session.say(b"hello")
        session.peer.expect_close()
        error = session.client.last_error
        assert isinstance(error, ProtocolError)
        assert "expected getinfo" in str(error)
        assert session.client.messages == 0
        session.connect()
        assert session.heard[-1] == "connect"


def test_held_end_is_a_message_in_time():
    with Session("raw") as session:
        session.say(b"en")
        session.wait(lambda: session.client.messages)  # after 200 ms
        assert session.heard == ["connect", b"en"]
        session.peer.send(HEART["raw"])
        session.expect_beat()


def test_message_view():
    seen = []
    for session in _sessions():

        def look(message):
            seen.append((message.text(), len(message), message[0], message == b'{"a": 7}'))
            seen.append(message.json()["a"])

        session.client.on_message = look
        session.say(b'{"a": 7}')
        session.wait(lambda: len(seen) == 2)
        assert seen == [('{"a": 7}', 8, 123, True), 7]
        del seen[:]


def test_oversize_message():
    for dialect in ("terminated", "length"):
        with Session(dialect, rx_size=64) as session:
            pieces = []
            session.client.on_chunk = lambda message, at, total, to=pieces: to.append(
                (message.bytes(), at, total)
            )
            session.client.on_oversize = pieces.append
            payload = bytes([65 + i % 20 for i in range(1000)])
            session.say(payload)
            session.say(b"next")
            session.wait(lambda session=session: len(session.heard) == 2)
            assert session.heard == ["connect", b"next"]
            assert pieces.pop() == 1000
            assert b"".join([piece[0] for piece in pieces]) == payload
            assert session.client.oversized == 1
            assert session.client.messages == 1


def test_oversize_message_that_nobody_asked_for():
    for dialect in ("terminated", "length"):
        with Session(dialect, rx_size=64) as session:
            session.say(b"x" * 1000)
            session.peer.send(HEART[dialect])
            session.expect_beat()
            assert session.client.oversized == 1


def test_handlers_that_raise_are_harmless():
    def fail(*_):
        raise ValueError("on purpose")

    for session in _sessions(known=False, rx_size=64):
        client = session.client
        client.on_connect = client.on_message = client.on_end = fail
        client.on_chunk = client.on_oversize = fail
        log.keep(2000)
        session.connect()
        session.say(b"hello")
        session.peer.send(HEART[session.dialect])
        session.expect_beat()
        assert client.connected
        assert client.handler_errors == 2, client.handler_errors
        assert client.messages == 1
        kept = "\n".join(log.lines())
        assert "on purpose" in kept
        assert "test_manager_client" in kept  # the traceback
        if session.dialect != "raw":
            session.say(b"x" * 100)
            session.wait(lambda client=client: client.oversized)
            assert client.handler_errors > 3
        session.peer.hang_up()
        session.connect()
        assert client.connected
        log.keep(0)


def test_end_by_the_user():
    for session in _sessions():
        session.client.end()
        session.peer.expect_close()
        assert session.heard == ["connect", ("end", None)]
        assert not session.client.connected
        session.client.run()  # has nothing to do, and returns


def test_end_inside_a_handler():
    for session in _sessions():
        session.client.on_message = lambda message, client=session.client: client.end()
        session.peer.send(frame(session.dialect, b"bye") + HEART[session.dialect])
        session.client.run()
        assert session.heard == ["connect", ("end", None)]
        assert session.client.errors == 0, session.client.last_error


def test_end_inside_on_connect():
    for session in _sessions(known=False):
        session.client.on_connect = session.client.end
        session.peer.accept()
        session.peer.send(GETINFO[session.dialect] + HEART[session.dialect])
        session.client.run()
        assert not session.client.connected
        assert session.client.errors == 0, session.client.last_error


def test_end_inside_on_chunk():
    for dialect in ("terminated", "length"):
        with Session(dialect, rx_size=64) as session:
            client = session.client
            client.on_chunk = lambda message, at, total, client=client: client.end()
            client.on_oversize = session.heard.append
            session.say(b"x" * 1000)
            client.run()
            assert session.heard == ["connect", ("end", None)], session.heard
            assert client.oversized == client.errors == 0, client.last_error


def test_reconnect_inside_a_handler():
    for session in _sessions():
        session.client.on_message = lambda message, client=session.client: client.reconnect()
        session.say(b"again")
        session.connect()
        assert session.heard == ["connect", ("end", None), "connect"]
        assert session.client.errors == 0, session.client.last_error


def test_reconnect_inside_on_chunk():
    for dialect in ("terminated", "length"):
        with Session(dialect, rx_size=64) as session:
            client = session.client
            client.on_chunk = lambda message, at, total, client=client: client.reconnect()
            session.say(b"x" * 1000)
            session.connect()
            session.say(b"whole")
            session.wait(lambda client=client: client.messages)
            assert session.heard[-1] == b"whole"
            assert client.oversized == client.errors == 0, client.last_error


def test_send_inside_handlers():
    for session in _sessions(known=False):
        client = session.client
        client.on_connect = lambda client=client: client.send(b"here")
        client.on_message = lambda message, client=client: client.send(message.bytes())
        session.connect()
        session.expect(b"here")
        session.say(b"echo")
        session.expect(b"echo")
