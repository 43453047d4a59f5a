"""motelink.commute: what is said and heard, with a scripted server on a loopback connection."""

import json

from commute_session import Session
from kit import no_alloc, raises
from motelink import log, port
from motelink.commute import WebSocket
from motelink.commute_errors import (
    ClosedException,
    IotCommuteException,
    PayloadException,
    TimeoutException,
)
from motelink.errors import ConfigError, ConnectionLost, LinkError, TooLarge
from websocket_peer import TEXT, frame

HEAP = "256k"
log.set_level("off")


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
    for root in ("http://h", "h:80/ws", "ws:/h/ws", "ws//h/ws", 5):
        ws = WebSocket("d", "hunter2", "device", root=root)
        assert "hunter2" not in str(raises(ConfigError, ws.open)), root
    # In each other's place, and what is no text.
    for arguments in (("d", "device", "hunter2"), ("d", 5, "device"), (5, "k", "device")):
        assert "hunter2" not in str(raises(ConfigError, WebSocket, *arguments))
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


class Unread:
    def text(self):
        raise AssertionError


def test_nothing_is_decoded_for_nobody():
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
        ws.on_tick = None
        ws.client.on_message(Unread())


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


def test_errors_are_ours_and_those_of_the_documentation():
    error = IotCommuteException("why")
    assert isinstance(error, LinkError) and (error.message, error.code) == ("why", 500)
    assert IotCommuteException("why", 418).code == 418 and str(error) == "why"
    assert not isinstance(error, ConnectionLost)
