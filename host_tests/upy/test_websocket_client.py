"""motelink.websocket over real loopback connections: handshake, messages, pings, the end."""

import sys

from doubles import Instead
from kit import MICROPYTHON, no_alloc, raises
from motelink import log, port, websocket_frames
from motelink.backoff import Backoff
from motelink.errors import AuthError, ConfigError, ConnectionLost, ProtocolError, TimedOut
from motelink.websocket import Client
from peer import Peer
from websocket_peer import BINARY, CLOSE, CONT, PING, PONG, TEXT, answer, closed, frame, sent

HEAP = "256k"
log.set_level("off")


class Session:
    """A client and the server that it talks to. ``heard``: what its handlers were told."""

    def __init__(self, path="/", scheme="ws://", **options):
        self.peer = peer = Peer()
        self.heard = []
        options.setdefault("backoff", Backoff(1, 1, lambda bits: 0))
        self.client = client = Client(scheme + "127.0.0.1:" + str(peer.port) + path, **options)
        client.on_connect = lambda: self.heard.append("connect")
        client.on_message = lambda message: self.heard.append(message.bytes())
        client.on_end = lambda error: self.heard.append(error)
        peer.turn = lambda: client.step(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.end()
        self.peer.close()

    def hello(self):
        """Accept the client; returns its request."""
        self.peer.accept()
        return self.head()

    def head(self):
        request = b""
        while request[-4:] != b"\r\n\r\n":
            request += self.peer.receive(1)
        return request

    def connect(self, **fields):
        request = self.hello()
        self.peer.send(answer(request, **fields))
        self.peer.wait(lambda: self.client.connected, "the handshake")
        return request

    def refused(self, kind):
        """The last error, which must be of this kind, is heard."""
        self.peer.wait(lambda: self.heard, "an end")
        error = self.heard.pop()
        assert isinstance(error, kind), repr(error)
        return error

    def frames(self, n):
        """``n`` bytes of what the client has sent, as frames."""
        return sent(self.peer.receive(n))


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
    raises(ConfigError, Client, "ws://host", headers={"A": "b\r\nc: d"})
    raises(ConfigError, Client, "ws://host", headers={"A": "b" * 500}, tx_size=200)
    for proxy in ("socks5://host:1", "host:1", "http://me:%zz@host:1", "http://"):
        raises(ConfigError, Client, "ws://host", proxy=proxy)
    if MICROPYTHON:
        raises(ConfigError, Client, "wss://host")  # nothing to verify by


def test_steady_state_allocates_nothing():
    with Session() as session:
        client = session.client
        session.connect()
        heard = bytearray(2)

        def on_message(message):
            heard[0] = len(message)

        client.on_message = on_message
        text = b"x" * 60
        sock = session.peer.sock
        came = frame(TEXT, text) + frame(PING, b"ping")

        def receive():
            sock.send(came)
            heard[0] = 0
            while not heard[0]:
                client.step(5)

        no_alloc(client.send_text, text, n=20)
        no_alloc(receive, n=20)
        assert heard[0] == 60 and not client.errors
        assert session.frames(21 * 66) == [(TEXT, True, text)] * 21
        assert session.frames(21 * 10) == [(PONG, True, b"ping")] * 21


def test_masks_in_native_code():
    with Instead(websocket_frames, "mask_into", websocket_frames.mask_into):
        from motelink.websocket_mask import native

        port.forget("websocket_mask")
        assert native is MICROPYTHON
        with Session() as session:
            session.connect()
            for n in (0, 1, 2, 3, 4, 5, 62, 64, 65, 126, 300):
                payload = bytes([i & 255 for i in range(n)])
                assert session.client.send_text(payload)
                size = 6 + n if n < 126 else 8 + n
                assert session.frames(size) == [(TEXT, True, payload)]
            text = b"x" * 60
            no_alloc(session.client.send_text, text, n=20)
            masks = {bytes(session.peer.receive(66))[2:6] for _ in range(21)}
            assert len(masks) > 15, masks


def test_rare_parts_are_dropped_with_the_connection():
    rare = ["motelink.websocket_" + name for name in ("parts", "text", "handshake", "close")]

    def loaded():
        return [name[19:] for name in rare if name in sys.modules]

    if MICROPYTHON:
        with Session() as session:
            session.connect()
            assert loaded() == []
            session.peer.send(frame(TEXT, "grüße".encode()) + frame(TEXT, b"a", False))
            session.peer.send(frame(CONT, b"b"))
            session.peer.wait(lambda: session.heard[-1] == b"ab")
            assert loaded() == ["parts", "text"]
            session.peer.send(closed(1001))
            session.peer.wait(lambda: isinstance(session.heard[-1], ConnectionLost))
            assert "parts" not in loaded() and "text" not in loaded()
            session.connect()
            assert loaded() == []
            session.client.end()
            assert loaded() == []


def test_texts_where_framebuf_is_not():
    if MICROPYTHON:
        own = port.load("_bulk")
        port.forget("_bulk")
        sys.modules["framebuf"] = sys  # which has no pictures
        without = port.load("_bulk")
        del sys.modules["framebuf"]
        sys.modules[own.__name__] = own
        assert hasattr(own, "_paint") and not hasattr(without, "_paint")
        with Instead(websocket_frames._bulk, "column", without.column), Session() as session:
            session.connect()
            session.peer.send(frame(TEXT, b"plain") + frame(TEXT, "é".encode()))
            session.peer.wait(lambda: len(session.heard) == 3)
            assert session.heard[1:] == [b"plain", "é".encode()]


def test_masks_where_webrepl_is_not():
    if MICROPYTHON:
        bulk = port.load("_bulk")
        with Instead(bulk, "_unmask", bulk._slowly), Session() as session:
            session.connect()
            for n in (0, 1, 3, 62, 64, 65, 100):
                payload = bytes(range(n))
                assert session.client.send_text(payload)
                assert session.frames(6 + n) == [(TEXT, True, payload)]


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
