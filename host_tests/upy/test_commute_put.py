"""motelink.commute_put and commute_pair: numbers that cost nothing."""

import json

from commute_session import KEY, Session
from kit import no_alloc, raises
from motelink import log
from motelink.commute_errors import (
    PayloadException,
)
from motelink.commute_pair import Pair
from motelink.commute_put import Put
from motelink.errors import AuthError
from websocket_peer import CLOSE, answer, frame

HEAP = "256k"
log.set_level("off")


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
