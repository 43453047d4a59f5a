"""motelink.commute: connections, refusals and options, with a scripted server."""

from commute_session import KEY, Session
from kit import MICROPYTHON, raises
from motelink import commute, log, port
from motelink.backoff import Backoff
from motelink.commute import WebSocket
from motelink.commute_errors import (
    AuthException,
    ClosedException,
    IotCommuteException,
)
from motelink.errors import ConfigError, ConnectionLost
from websocket_peer import CLOSE, answer, closed, frame

HEAP = "256k"
log.set_level("off")


def test_it_comes_back():
    with Session() as session:
        session.connect()
        session.peer.reset()
        session.peer.wait(lambda: len(session.heard) == 3)
        connect, close, (name, error) = session.heard
        assert (connect, close, name) == ("connect", "close", "error")
        assert isinstance(error, IotCommuteException) and error.code == 500
        assert error.message == str(error) != ""
        del session.heard[:]
        session.connect()
        session.wait("reconnect")


def test_reconnect_means_now():
    with Session() as session:
        ws = session.ws
        session.connect()
        client = ws.client
        assert ws.reconnect() is True  # nothing: it is connected
        assert client.connected
        client.backoff = Backoff(100000, 100000, lambda bits: 99999)
        session.peer.reset()
        session.peer.wait(lambda: not client.connected)
        assert ws.reconnect() is True
        session.connect()
        ws.close()
        assert "connect()" in str(raises(ClosedException, ws.reconnect))


def test_reconnect_does_not_disturb_what_is_under_way():
    with Session() as session:
        session.ws.client.step()
        session.ws.reconnect()
        request = session.hello()
        session.ws.reconnect()
        session.peer.send(answer(request))
        session.peer.wait(session.ws.is_connected, "the handshake")
        assert session.ws.client.connects == 1
        session.wait("connect")


def test_close_in_a_callback():
    with Session() as session:
        session.ws.on_connect = lambda ws: ws.close()
        request = session.hello()
        session.peer.send(answer(request))
        session.wait("close")
        assert session.told()[0] == CLOSE
        assert not session.ws.is_connected() and session.ws.client.loop.clients == []


def test_the_key_is_refused():
    for status in (b"401 Unauthorized", b"403 Forbidden"):
        with Session() as session:
            session.refuse(status)
            session.peer.wait(lambda session=session: session.heard)
            ((name, error),) = [event for event in session.heard if event != "close"]
            assert name == "error" and isinstance(error, AuthException)
            assert error.code == 401 and error.final and status[:3].decode() in error.message
            raises(AuthException, session.ws.client.run)


def test_the_key_is_refused_after_the_handshake():
    with Session() as session:
        session.connect()
        session.peer.send(frame(CLOSE, b"\x03\xf0no key " + KEY.encode()))
        session.peer.wait(lambda: len(session.heard) == 3)
        error = session.heard[-1][1]
        assert isinstance(error, AuthException) and KEY not in str(error)
        assert session.heard[0] == "connect" and session.heard[1] == "close"


def test_another_close_is_no_refusal():
    with Session() as session:
        session.connect()
        session.peer.send(closed(1001, b"bye"))
        session.peer.wait(lambda: len(session.heard) == 3)
        assert not isinstance(session.heard[-1][1], AuthException)
        session.connect()


def test_tries_are_counted_in_a_row():
    class Few(WebSocket):
        RECONNECT_TRIES = 3

    errors = []
    with Session(Few) as session:
        session.ws.on_error = lambda error, ws: errors.append(error)
        for _ in range(2):
            session.refuse(b"503 Busy")
        session.connect()
        session.peer.reset()  # the first again
        for _ in range(2):
            session.refuse(b"503 Busy")
        session.peer.wait(lambda: len(errors) == 5)
        assert isinstance(errors[-1], ClosedException) and "3 tries" in errors[-1].message
        assert [error.code for error in errors] == [500] * 4 + [503]
        assert session.ws.client.loop.clients == []


def test_intervals_are_those_of_the_class_at_the_first_failure():
    ws = WebSocket("d", "k", "device")
    for seconds, base in ((0.25, 250), (5, 5000), (0, 1)):
        ws.RECONNECT_INTERVAL = seconds
        client = ws.open()
        client.failed(ConnectionLost("gone"))
        backoff = client.backoff
        assert (backoff.base_ms, backoff.cap_ms) == (base, base * 12)
        client.failed(ConnectionLost("gone"))
        assert client.backoff is backoff


def test_opening_again_ends_what_was():
    with Session() as session:
        session.connect()
        before = session.ws.client
        after = session.ws.open()
        assert after is session.ws.client and before.state == 4
        session.wait("connect", "close")
        session.connect()
        session.wait("connect")  # not a reconnect


def test_a_proxy_is_a_dict_or_a_url():
    for proxy, who in (
        ({"host": "127.0.0.1", "auth": ("me", "pa%:@ü")}, b"bWU6cGElOkDDvA=="),
        ({"host": "127.0.0.1", "auth": None}, None),
        ("http://me:x@127.0.0.1", b"bWU6eA=="),
    ):
        with Session() as session:
            number = session.peer.port
            session.ws._url = "ws://example.org/ws?key=hunter2"
            session.ws.close()
            if isinstance(proxy, dict):
                proxy["port"] = number
            else:
                proxy += ":%d" % number
            session.ws.open(proxy=proxy)
            request = session.hello()
            assert request.split(b"\r\n")[0] == b"CONNECT example.org:80 HTTP/1.1"
            assert (b"Proxy-Authorization: Basic " in request) == (who is not None)
            assert who is None or who in request, request
            session.peer.send(b"HTTP/1.1 407 No\r\n\r\n")
            session.peer.wait(lambda session=session: session.heard)
            ((_, error),) = [event for event in session.heard if event != "close"]
            assert "proxy" in error.message and "pa" not in error.message


def test_threads_are_where_there_are_any():
    ws = WebSocket("d", "k", "device", root="ws://127.0.0.1:9/ws")
    if MICROPYTHON:
        assert "loop.add" in str(raises(ConfigError, ws.connect, True))
    else:
        assert ws.connect(threaded=True) is ws
        ws.close()
        assert commute.port is port
