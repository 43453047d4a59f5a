"""motelink.sepl_outbox: events wait on flash, and are sent again until the platform has answered.
The client is as small as can be; integration/test_outbox_platforms.py has the real one.
"""

from kit import raises
from motelink import log
from motelink.port import ticks_ms
from motelink.sepl_outbox import Forwarder
from motelink.sepl_session import Message
from outbox_platform import Client, fresh, turn


class _Connector:
    def __init__(self):
        self.ws = Client().come()
        self.ready = True
        self.asked = []
        self.refuses = False

    def event(self, device, service, payload, timeout, callback, block):
        assert timeout == 10 and not block
        if self.refuses:
            callback(Message("not ready"))
            return
        self.asked.append((device, service, payload))
        self.callback = callback

    def answer(self, status):
        self.callback(Message(None, status))


class _Lamp:
    id = "lamp-1"


def _sepl():
    connector = _Connector()
    return connector, Forwarder(connector, fresh())


def test_sepl_one_after_another():
    connector, forwarder = _sepl()
    values = [1, 21.5, "x", None, {"a": [True]}]
    for value in values:
        assert forwarder.event(_Lamp, "light", value)
    for i in range(len(values)):
        turn(forwarder, 3)
        assert len(connector.asked) == i + 1
        assert connector.asked[i] == ("lamp-1", "light", values[i])
        connector.answer(200)
    assert forwarder.box.count == 0
    raises(TypeError, forwarder.event, "lamp-1", "light", b"bytes")
    forwarder.box.close()


def test_sepl_no_answer_is_sent_again():
    connector, forwarder = _sepl()
    forwarder.event("lamp-1", "light", 1)
    forwarder.event("lamp-1", "light", 2)
    for status in (None, 503, None):
        turn(forwarder, 2)
        connector.answer(status)
    connector.ready = False
    turn(forwarder, 2)
    connector.ready = True
    turn(forwarder)
    assert [payload for _, _, payload in connector.asked] == [1, 1, 1, 1]
    connector.answer(200)
    turn(forwarder)
    assert connector.asked[-1][2] == 2 and forwarder.box.count == 1
    connector.answer(200)
    connector.answer(200)  # a second time: confirms nothing
    assert forwarder.box.count == 0 and forwarder.unwanted == 0
    forwarder.box.close()


def test_sepl_refused_by_the_platform_is_let_go():
    log.set_level("off")
    connector, forwarder = _sepl()
    forwarder.event("nobody", "light", 1)
    forwarder.event("lamp-1", "light", 2)
    turn(forwarder)
    connector.answer(404)
    turn(forwarder)
    connector.answer(200)
    log.set_level("info")
    assert forwarder.unwanted == 1 and forwarder.box.count == 0
    assert [payload for _, _, payload in connector.asked] == [1, 2]
    forwarder.box.close()


def test_sepl_not_even_sent():
    connector, forwarder = _sepl()
    forwarder.event("lamp-1", "light", 1)
    connector.refuses = True
    turn(forwarder, 3)
    assert forwarder.flying == 0 and forwarder.box.taken == 0
    connector.refuses = False
    turn(forwarder)
    assert connector.asked and forwarder.flying == 1
    forwarder.box.close()


def test_a_flash_that_cannot_be_read_is_tried_again():
    log.set_level("off")
    connector, forwarder = _sepl()
    forwarder.failed(OSError(5))
    log.set_level("info")
    assert connector.ready and forwarder.deadline != ticks_ms()
    forwarder.box.close()
