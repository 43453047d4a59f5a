"""motelink.websocket over real loopback connections: the handshake, what refuses it, proxies."""

from kit import MICROPYTHON, raises
from motelink import log
from motelink.backoff import Backoff
from motelink.errors import AuthError, ConfigError, ConnectionLost, ProtocolError
from motelink.websocket import Client
from websocket_peer import TEXT, answer, frame
from websocket_session import Session

HEAP = "256k"
log.set_level("off")


def test_handshake():
    with Session("/a/b?c=d", headers={"Authorization": "secret"}) as session:
        request = session.connect().decode()
        lines = request.split("\r\n")
        assert lines[0] == "GET /a/b?c=d HTTP/1.1"
        for line in (
            "Host: 127.0.0.1:%d" % session.peer.port,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Authorization: secret",
        ):
            assert line in lines, request
        assert "Protocol" not in request and "Extensions" not in request
        assert session.heard == ["connect"]
        assert session.client.protocol is None
        session.client.headers = {"X-Other": "1"}
        session.peer.reset()
        other = session.connect().decode()
        assert "X-Other: 1" in other and "secret" not in other
        key = "Sec-WebSocket-Key: "
        assert request.split(key)[1][:24] != other.split(key)[1][:24]


def test_first_frames_come_with_the_handshake():
    with Session() as session:
        request = session.hello()
        session.peer.send(answer(request) + frame(TEXT, b"one") + frame(TEXT, b"two")[:3])
        session.peer.wait(lambda: len(session.heard) == 2)
        session.peer.send(frame(TEXT, b"two")[3:])
        session.peer.wait(lambda: len(session.heard) == 3)
        assert session.heard == ["connect", b"one", b"two"]


def test_handshake_cut_anywhere():
    with Session(rx_size=64) as session:
        data = answer(session.hello(), Server=b"x" * 300) + frame(TEXT, b"hi")
        for i in range(len(data)):
            session.peer.send(data[i : i + 1])
            session.client.step(1)
        session.peer.wait(lambda: len(session.heard) == 2)
        assert session.heard == ["connect", b"hi"]


def test_sub_protocols():
    with Session(protocols=("mqtt", "other")) as session:
        request = session.connect(Sec_WebSocket_Protocol=b"other")
        assert b"Sec-WebSocket-Protocol: mqtt, other\r\n" in request
        assert session.client.protocol == "other"
        session.heard.clear()
        session.peer.reset()
        session.refused(ConnectionLost)
        for wrong in (b"third", b"mqtt, other"):
            session.peer.send(answer(session.hello(), Sec_WebSocket_Protocol=wrong))
            assert "sub-protocol" in str(session.refused(ProtocolError))


def test_answers_that_accept_nothing():
    with Session() as session:
        for fields in (
            {"Upgrade": None},
            {"Upgrade": b"h2c"},
            {"Connection": None},
            {"Connection": b"close"},
            {"Sec_WebSocket_Accept": None},
            {"Sec_WebSocket_Accept": b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
            {"Sec_WebSocket_Extensions": b"permessage-deflate"},
            {"Sec_WebSocket_Protocol": b"chat"},
            {"Padding": b"x" * 2048},
            {"Server": b"\xff\xfe"},
        ):
            session.peer.send(answer(session.hello(), **fields))
            session.refused(ProtocolError)
            assert not session.client.connected
        session.hello()
        session.peer.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        session.refused(ProtocolError)
        session.peer.send(
            answer(session.hello(), Connection=b"keep-alive, upgrade", Upgrade=b"WebSocket")
        )
        session.peer.wait(lambda: session.client.connected)


def test_statuses_that_may_pass():
    with Session() as session:
        for status in (200, 301, 302, 400, 404, 429, 500, 503):
            session.peer.send(answer(session.hello(), str(status).encode() + b" Reason"))
            error = session.refused(ConnectionLost)
            assert error.status == status
            assert ("redirects" in str(error)) == (status in (301, 302))


def test_refused_credentials_are_final():
    for status in (401, 403):
        with Session(headers={"Authorization": "hush"}) as session:
            session.peer.send(answer(session.hello(), b"%d No" % status))
            error = session.refused(AuthError)
            assert error.status == status and error.final
            assert "hush" not in str(error)
            assert session.client.loop.error is error


def test_through_a_proxy():
    with Session("/x", scheme="ws://") as session:
        peer = session.peer
        proxied = Client(
            "ws://[::1]/x",
            proxy="http://me:p%%40ss@127.0.0.1:%d" % peer.port,
            backoff=Backoff(1, 1, lambda bits: 0),
        )
        session.client = proxied
        peer.turn = lambda: proxied.step(1)
        proxied.on_end = lambda error: session.heard.append(error)
        request = session.hello()
        lines = request.split(b"\r\n")
        assert lines[0] == b"CONNECT [::1]:80 HTTP/1.1", request
        assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in lines, request
        peer.send(b"HTTP/1.1 503 Busy\r\n\r\n")
        assert session.refused(ConnectionLost).status == 503
        session.hello()
        peer.send(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n")
        request = session.head()
        assert request.startswith(b"GET /x HTTP/1.1\r\nHost: [::1]\r\n"), request
        assert b"Proxy" not in request
        peer.send(answer(request))
        peer.wait(lambda: proxied.connected)
        peer.reset()
        session.refused(ConnectionLost)
        session.hello()
        peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        error = session.refused(AuthError)
        assert error.status == 407 and "p@ss" not in str(error)


NO_URLS = [None, "ws://host/\r\nX: y", "ws://host/a b", ""]
NO_URLS += ["ftp://host", "ws://", "ws://:80", "ws://host:0", "ws://host:65536", "ws://host:x"]
NO_URLS += ["ws://me:pw@host/", "ws://host/#top"]


def test_settings_that_cannot_be():
    for url in NO_URLS:
        assert "pw" not in str(raises(ConfigError, Client, url)), url
    assert "got 'http://host'" in str(raises(ConfigError, Client, "http://u:pw@host/path"))
    for keepalive in (-1, 0.5, 1 << 20, "30", None):
        raises(ConfigError, Client, "ws://host", keepalive=keepalive)
    raises(ConfigError, Client, "ws://host", headers={"A": "b\r\nc: d"})
    raises(ConfigError, Client, "ws://host", headers={"A": "b" * 500}, tx_size=200)
    for proxy in ("socks5://host:1", "host:1", "http://me:%zz@host:1", "http://"):
        raises(ConfigError, Client, "ws://host", proxy=proxy)
    if MICROPYTHON:
        raises(ConfigError, Client, "wss://host")  # nothing to verify by
