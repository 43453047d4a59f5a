"""motelink.commute, with a scripted server on a loopback connection."""

import json

from kit import MICROPYTHON, no_alloc, raises
from motelink import commute, log, port
from motelink.backoff import Backoff
from motelink.commute import WebSocket
from motelink.commute_errors import (
    AuthException,
    ClosedException,
    IotCommuteException,
    PayloadException,
    TimeoutException,
)
from motelink.commute_pair import Pair
from motelink.commute_put import Put
from motelink.errors import AuthError, ConfigError, ConnectionLost, LinkError, TooLarge
from peer import Peer
from websocket_peer import CLOSE, TEXT, answer, closed, frame, sent

HEAP = "256k"
log.set_level("off")

KEY = "se&cret/ü"


class Session:
    """A WebSocket and its server. ``heard``: what its callbacks were told."""

    def __init__(self, made=None, **options):
        self.peer = peer = Peer()
        self.heard = heard = []
        root = "ws://127.0.0.1:%d/ws" % peer.port
        self.ws = ws = (made or WebSocket)("lamp 1", KEY, "device", root=root, **options)
        if not made:
            for name in ("tick", "message", "error"):
                setattr(ws, "on_" + name, lambda told, ws, name=name: heard.append((name, told)))
            for name in ("connect", "reconnect", "close"):
                setattr(ws, "on_" + name, lambda ws, name=name: heard.append(name))
        ws._options["backoff"] = Backoff(1, 1, lambda bits: 0)
        peer.turn = lambda: ws.client.step(1)

    def __enter__(self):
        self.ws.open()
        return self

    def __exit__(self, *_):
        self.ws.close()
        self.peer.close()

    def hello(self):
        self.peer.accept()
        request = b""
        while request[-4:] != b"\r\n\r\n":
            request += self.peer.receive(1)
        return request

    def connect(self):
        request = self.hello()
        self.peer.send(answer(request))
        self.peer.wait(self.ws.is_connected, "the handshake")
        return request

    def refuse(self, status):
        request = self.hello()
        self.peer.send(answer(request, status=status))

    def told(self):
        """The next frame of the client."""
        head = self.peer.receive(2)
        return sent(head + self.peer.receive(4 + (head[1] & 127)))[0]

    def put(self):
        kind, last, payload = self.told()
        assert kind == TEXT and last
        message = json.loads(payload)
        assert message["method"] == "put"
        return message["status"]

    def say(self, value):
        self.peer.send(frame(TEXT, json.dumps(value).encode()))

    def wait(self, *events):
        self.peer.wait(lambda: len(self.heard) >= len(events), str(events))
        assert self.heard == list(events), self.heard
        del self.heard[:]


def test_the_url():
    with Session() as session:
        request = session.connect().split(b"\r\n")[0]
        assert request == (
            b"GET /ws?device=lamp%201&key=se%26cret%2F%C3%BC&side=device HTTP/1.1"
        ), request
        session.wait("connect")


def test_what_cannot_be_is_refused():
    for arguments in (("", "k", "device"), ("d", "", "client"), ("d", "hunter2", "server")):
        error = raises(ConfigError, WebSocket, *arguments)
        assert "hunter2" not in str(error)
    ws = WebSocket("d", "hunter2", "device", root="http://h")
    assert "hunter2" not in str(raises(ConfigError, ws.open))
    ws = WebSocket("d", "hunter2" * 100, "device")
    assert "hunter2" not in str(raises(ConfigError, ws.open))


def test_ticks_and_messages():
    with Session() as session:
        session.connect()
        session.wait("connect")
        tick = {"sensor": "LED", "value": [1, None], "more": "ü"}
        session.say(tick)
        session.peer.wait(lambda: len(session.heard) == 2)
        assert session.heard[0][0] == "message" and json.loads(session.heard[0][1]) == tick
        assert session.heard[1] == ("tick", tick)
        del session.heard[:]
        for text in (b"no JSON", b"[1]", b'"x"', b"7", b""):
            session.peer.send(frame(TEXT, text))
            session.wait(("message", text.decode()))
        assert session.ws.client.handler_errors == 0


def test_nothing_is_decoded_for_nobody():
    class Unread:
        def text(self):
            raise AssertionError

    ws = WebSocket("d", "k", "device")
    received = ws.open().on_message
    assert no_alloc(received, Unread()) is None
    ws.on_message = print
    raises(AssertionError, received, Unread())


def test_methods_of_a_subclass_are_callbacks():
    class Lamp(WebSocket):
        RECONNECT_INTERVAL = 0.001
        ticks = 0

        def on_connect(self, ws):
            assert ws is self
            self.send_message("LED", 0)

        def on_tick(self, tick, ws):
            assert ws is self
            self.ticks += tick["value"]

    with Session(Lamp) as session:
        session.connect()
        assert session.put() == {"sensor": "LED", "value": 0}
        session.say({"sensor": "LED", "value": 5})
        session.peer.wait(lambda: session.ws.ticks == 5)
        assert session.ws.client.handler_errors == 0


def test_a_callback_that_raises_is_counted():
    with Session() as session:
        session.ws.on_tick = lambda tick, ws: tick["nobody"]
        session.connect()
        session.say({"sensor": "LED"})
        session.peer.wait(lambda: session.ws.client.handler_errors == 1)
        assert session.ws.is_connected()


def test_what_is_sent():
    with Session() as session:
        ws = session.ws
        assert ws.send_message("LED", 1) is False
        session.connect()
        for value in (1, "ü", None, {"a": [1.5, True]}):
            assert ws.send_message("LED", value) is True
            assert session.put() == {"sensor": "LED", "value": value}
            assert ws.send_payload(value) is True
            assert session.put() == value
        for payload in (b"x", {1}, object(), {"a": {2: 1}}, float("inf")):
            error = raises(PayloadException, ws.send_payload, payload)
            assert error.code == 400 and error.message == str(error)
        raises(PayloadException, ws.send_message, 1, 1)
        raises(TooLarge, ws.send_payload, "x" * 600)
        assert ws.send_payload("x") is True


def test_a_state_that_is_waited_for():
    with Session() as session:
        ws = session.ws
        session.connect()
        session.wait("connect")
        ws.on_message = None
        peer = session.peer
        step = ws.client.step
        state = {"sensor": "LED", "value": 3}

        def turn(ms):
            # The server's part, in the turns of who waits.
            ws.client.step = step
            assert json.loads(session.told()[2]) == {"method": "get", "sensor": "LED"}
            session.say({"sensor": "other", "value": 9})
            session.say(state)

        ws.client.step = turn
        assert ws.get_state("LED") == state
        session.wait(("tick", {"sensor": "other", "value": 9}), ("tick", state))
        session.say(state)  # nobody waits for it any more
        session.wait(("tick", state))
        assert peer.sock


def test_who_waits_is_not_disturbed_by_a_callback_that_asks():
    with Session() as session:
        ws = session.ws
        session.connect()
        asked = []

        def ticked(tick, ws):
            if not asked:
                asked.append(ws.get_state("other"))

        ws.on_tick = ticked
        step = ws.client.step

        def turn(ms):
            ws.client.step = step
            session.say({"sensor": "any"})
            session.say({"sensor": "LED", "value": 3})

        ws.client.step = turn
        assert ws.get_state("LED")["value"] == 3
        assert asked == [None]


def test_a_state_asked_for_in_a_callback_is_a_tick():
    with Session() as session:
        got = []
        session.ws.on_connect = lambda ws: got.append(ws.get_state("LED"))
        session.connect()
        assert got == [None]
        assert json.loads(session.told()[2])["method"] == "get"
        session.ws.on_message = None
        session.say({"sensor": "LED", "value": 3})
        session.wait(("tick", {"sensor": "LED", "value": 3}))


def test_a_state_that_does_not_come():
    class Impatient(WebSocket):
        READ_TIMEOUT = 0.03

    with Session(Impatient) as session:
        ws = session.ws
        assert raises(ClosedException, ws.get_state, "LED").code == 503
        session.connect()
        begun = port.ticks_ms()
        error = raises(TimeoutException, ws.get_state, "LED")
        assert error.code == 408 and port.ticks_diff(port.ticks_ms(), begun) >= 30
        Impatient.READ_TIMEOUT = 20  # and the connection is lost
        step = ws.client.step

        def turn(ms):
            session.peer.hang_up()
            ws.client.step = step

        ws.client.step = turn
        assert "lost" in str(raises(ClosedException, ws.get_state, "LED"))


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


def test_intervals_are_those_of_the_class_when_it_opens():
    ws = WebSocket("d", "k", "device")
    for seconds, base in ((0.25, 250), (5, 5000), (0, 1)):
        ws.RECONNECT_INTERVAL = seconds
        backoff = ws.open().backoff
        assert (backoff.base_ms, backoff.cap_ms) == (base, base * 12)


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


def test_numbers():
    class Client:
        def send_text(self, payload):
            self.status = json.loads(bytes(payload))["status"]
            return True

    client = Client()
    put = Put(client, 'a "quoted" ü')
    for value in (0, 7, -7, 10, -10, 99999, (1 << 30) - 1, 1 - (1 << 30), 9999999999, -9999999999):
        assert put.send(value)
        assert client.status == {"sensor": 'a "quoted" ü', "value": value}
    for value in (10**11, -(10**10), 1 << 64):
        raises(PayloadException, put.send, value)
        assert put.send(3) and client.status["value"] == 3


def test_numbers_allocate_nothing():
    class Client:
        def send_text(self, payload):
            return len(payload) > 0

    put = Put(Client(), "LED")
    assert no_alloc(put.send, -1234567) is True
    assert no_alloc(put.send, 0) is True


def test_a_pair():
    with Session() as session:
        session.ws.close()
        told = []
        pair = Pair("lamp", KEY, "client", "ws://127.0.0.1:%d/ws" % session.peer.port)
        pair.on_tick = told.append
        session.peer.turn = lambda: pair.step(1)
        request = session.hello()
        assert b"side=client" in request
        session.peer.send(answer(request))
        session.say([1])
        session.say({"sensor": "LED", "value": 1})
        session.peer.wait(lambda: told)
        assert told == [{"sensor": "LED", "value": 1}]
        assert Put(pair, "n").send(5)
        assert session.put() == {"sensor": "n", "value": 5}
        session.peer.send(frame(CLOSE, b"\x03\xf0no key " + KEY.encode()))
        session.peer.wait(lambda: pair.state == 4)
        assert isinstance(pair.last_error, AuthError) and KEY not in str(pair.last_error)


def test_errors_are_ours_and_those_of_the_documentation():
    error = IotCommuteException("why")
    assert isinstance(error, LinkError) and (error.message, error.code) == ("why", 500)
    assert IotCommuteException("why", 418).code == 418 and str(error) == "why"
    assert not isinstance(error, ConnectionLost)
