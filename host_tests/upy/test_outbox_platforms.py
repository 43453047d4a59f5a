"""Outboxes of SEPL, IoT Commute, iot-manager and IoTtalk: what is sent, when it has arrived, and
what is sent again. The platforms' clients are as small as can be; the real ones are used in
integration/test_outbox_platforms.py.
"""

import json

from box import clean
from doubles import Instead
from kit import no_alloc, raises
from motelink import log
from motelink.commute_outbox import Forwarder as Commute
from motelink.commute_put import Put
from motelink.errors import ConfigError
from motelink.loop import Loop
from motelink.manager_outbox import Forwarder as Manager
from motelink.outbox import Outbox
from motelink.port import ticks_add, ticks_diff, ticks_ms
from motelink.sepl_outbox import Forwarder as Sepl
from motelink.sepl_session import Message


def _box(folder="box", **options):
    values = {"record_size": 80, "segment_size": 2000, "segments": 4}
    values.update(options)
    clean(folder)
    return Outbox(folder, **values)


class _Client:
    """A platform's client: connected when it is told to be."""

    loop = None
    state = 3
    connects = 0
    connected = False

    def __init__(self):
        self.sent = []
        self.takes = 99

    def come(self):
        self.connects += 1
        self.connected = True
        return self

    def go(self):
        self.connected = False

    def take(self, data):
        if not self.connected or not self.takes:
            return False
        self.takes -= 1
        self.sent.append(bytes(data))
        return True

    def new(self):
        found = self.sent
        self.sent = []
        return found


# -- IoT Commute ---------------------------------------------------------------------------


class _Pair(_Client):
    _pings = True
    _pinged = False
    _answer_ms = 1000
    pings = 0

    def send_text(self, frame):
        return self.take(frame)

    def ping(self):
        self.pings += 1
        return self.connected

    def pong(self):
        self._pinged = False


def _commute(window=3, **options):
    pair = _Pair()
    return pair, Commute(pair, _box(**options), window)


def _turn(forwarder, times=1, ms=0):
    for _ in range(times):
        forwarder.turn(ticks_add(ticks_ms(), ms))


def _frame(i):
    return b'{"method":"put","status":{"sensor":"LED","value":%d}}' % i


def test_commute_waits_for_the_pong_behind():
    pair, forwarder = _commute()
    for i in range(4):
        assert forwarder.send_text(_frame(i))
    _turn(forwarder)
    assert not pair.sent
    pair.come()
    _turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)] and forwarder.flying == 3
    assert not pair.pings
    _turn(forwarder, 3)
    assert pair.pings == 1 and pair._pinged and forwarder.box.count == 4
    pair.pong()
    _turn(forwarder)
    assert pair.new() == [_frame(3)] and forwarder.box.count == 1
    _turn(forwarder)
    pair.pong()
    _turn(forwarder)
    assert forwarder.box.count == 0 and pair.pings == 2 and not pair.sent
    forwarder.box.close()


def test_commute_a_ping_of_before_proves_nothing():
    pair, forwarder = _commute()
    pair.come()._pinged = True  # by its keepalive, in front of what is sent now
    forwarder.send_text(_frame(1))
    _turn(forwarder, 2)
    pair.pong()
    assert forwarder.flying == 1
    _turn(forwarder)
    assert forwarder.flying == 1 and pair.pings == 1
    pair.pong()
    _turn(forwarder)
    assert forwarder.flying == 0
    forwarder.box.close()


def test_commute_sends_again_what_has_no_pong():
    pair, forwarder = _commute()
    for i in range(3):
        forwarder.send_text(_frame(i))
    pair.come()
    _turn(forwarder, 2)
    assert len(pair.new()) == 3 and pair._pinged
    pair.go()
    _turn(forwarder)
    pair._pinged = False  # as a new connection has it
    pair.come()
    _turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)] and forwarder.box.count == 3
    # Lost and back between two looks.
    pair.connects += 1
    pair._pinged = False
    _turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)] and forwarder.box.count == 3
    forwarder.box.close()


def test_commute_a_connection_that_takes_nothing():
    pair, forwarder = _commute()
    for i in range(3):
        forwarder.send_text(_frame(i))
    pair.come().takes = 1
    _turn(forwarder)
    assert pair.new() == [_frame(0)] and forwarder.flying == 1
    pair.takes = 9
    _turn(forwarder)
    assert pair.new() == [_frame(1), _frame(2)]
    forwarder.box.close()


def test_commute_goes_on_at_once_after_weeks_without_a_connection():
    pair, forwarder = _commute()
    forwarder.send_text(_frame(0))
    now = ticks_ms()
    for days in range(1, 20):
        now = ticks_add(now, 86400000)
        if days % 8:
            forwarder.turn(now)
            continue
        pair.come()
        forwarder.turn(now)
        assert pair.new() == [_frame(0)], days
        pair.go()
    pair.come()
    for _ in range(3):
        forwarder.turn(now)
        pair.pong()
    assert not forwarder.box.count
    pair.new()
    for _ in range(7):  # nor after weeks with nothing to send
        now = ticks_add(now, 86400000)
        forwarder.turn(now)
    forwarder.send_text(_frame(1))
    forwarder.turn(now)
    assert pair.new() == [_frame(1)]
    forwarder.box.close()


def test_what_turn_raises_never_leaves_the_loop():
    _, forwarder = _commute()

    def poor(_error, _who):
        raise MemoryError

    for exception in (poor, lambda _error, _who: None):
        forwarder.deadline = ticks_ms()
        with Instead(log, "exception", exception):
            forwarder.failed(OSError(5))
        assert ticks_diff(forwarder.deadline, ticks_ms()) > 4000
    forwarder.box.close()


def test_it_runs_on_the_loop_of_its_client():
    pair, forwarder = _commute()
    forwarder.send_text(_frame(0))
    assert forwarder.loop is None and forwarder.sock is None
    first, second = Loop(), Loop()
    for loop in (first, second):
        loop.add(pair)
        forwarder.send_text(_frame(1))
        forwarder.join()
        assert loop.clients == [pair, forwarder] and forwarder.loop is loop
    assert first.clients == [pair]
    pair.loop, pair.state = first, 4
    forwarder.join()
    assert forwarder.loop is second
    forwarder.box.close()


def test_commute_what_failed_when_the_connection_was_lost_is_done_again():
    pair, forwarder = _commute()
    for i in range(3):
        forwarder.send_text(_frame(i))
    pair.come()
    _turn(forwarder)
    assert len(pair.new()) == 3
    pair.connects += 1
    rewind = forwarder.box.rewind

    def fail():
        raise MemoryError

    forwarder.box.rewind = fail
    raises(MemoryError, _turn, forwarder)
    forwarder.box.rewind = rewind
    _turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)]
    forwarder.box.close()


def test_commute_states_and_puts():
    pair, forwarder = _commute(record_size=90)
    assert forwarder.send_message("LED", 21.5)
    assert Put(forwarder, "LED").send(-7)
    pair.come()
    _turn(forwarder)
    found = [json.loads(frame) for frame in pair.new()]
    assert found[0] == {"method": "put", "status": {"sensor": "LED", "value": 21.5}}
    assert found[1]["status"]["value"] == -7
    raises(TypeError, forwarder.send_message, "LED", {1})
    forwarder.box.close()
    pair._pings = False
    raises(ConfigError, Commute, pair, forwarder.box)


def test_looking_allocates_nothing_with_and_without_a_connection():
    pair, forwarder = _commute(window=2, segment_size=20000)
    now = ticks_ms()
    no_alloc(forwarder.turn, now)
    for i in range(4):
        forwarder.send_text(_frame(i))
    no_alloc(forwarder.turn, now)  # they wait
    pair.come()
    _turn(forwarder, 2)
    assert forwarder.flying == 2
    no_alloc(forwarder.turn, now)  # for a pong
    pair.go()
    no_alloc(forwarder.turn, now)
    assert not forwarder.flying and forwarder.box.count == 4
    forwarder.box.close()


def test_commute_put_allocates_nothing():
    _, forwarder = _commute(segment_size=20000)
    no_alloc(forwarder.send_text, _frame(1))
    forwarder.box.close()


# -- iot-manager ---------------------------------------------------------------------------


class _Framing:
    def __init__(self, overhead):
        self.overhead = overhead

    def check(self, data):
        if data == b"\1":
            raise ValueError("a command")


class _Device(_Client):
    beats = 0

    def __init__(self, overhead=2):
        super().__init__()
        self._framing = _Framing(overhead)

    def send(self, data):
        return self.take(data)


def test_manager_waits_for_the_second_heartbeat():
    device = _Device().come()
    forwarder = Manager(device, _box())
    device.send("door open")
    device.send(b"door shut")
    _turn(forwarder)
    assert device.new() == [b"door open", b"door shut"]
    for _ in range(2):
        _turn(forwarder, 3)
        assert forwarder.box.count == 2
        device.beats += 1
    device.send(b"late")  # was not there at the first of those
    _turn(forwarder, 2)
    assert forwarder.box.count == 1 and device.new() == [b"late"]
    device.beats += 1
    _turn(forwarder)
    assert forwarder.box.count == 1
    device.beats += 1
    _turn(forwarder)
    assert forwarder.box.count == 0
    raises(ValueError, device.send, b"\1")
    forwarder.box.close()


def test_manager_sends_again_what_is_not_proved():
    device = _Device().come()
    forwarder = Manager(device, _box())
    device.send(b"1")
    _turn(forwarder)
    device.beats += 1
    device.go()
    _turn(forwarder)
    device.come()
    device.beats += 1
    _turn(forwarder, 2)
    assert device.new() == [b"1", b"1"] and forwarder.box.count == 1
    device.beats += 2
    _turn(forwarder, 2)
    assert forwarder.box.count == 0
    forwarder.box.close()


def test_manager_raw_messages_go_out_apart():
    device = _Device(0).come()
    forwarder = Manager(device, _box())
    for i in range(3):
        device.send(b"%d" % i)
    now = ticks_ms()
    sent = []
    for ms in (0, 50, 100, 199, 200):
        forwarder.turn(ticks_add(now, ms))
        sent.append(len(device.new()))
    assert sent == [1, 0, 1, 0, 1], sent
    forwarder.box.close()


# -- SEPL ----------------------------------------------------------------------------------


class _Connector:
    def __init__(self):
        self.ws = _Client().come()
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
    return connector, Sepl(connector, _box())


def test_sepl_one_after_another():
    connector, forwarder = _sepl()
    values = [1, 21.5, "x", None, {"a": [True]}]
    for value in values:
        assert forwarder.event(_Lamp, "light", value)
    for i in range(len(values)):
        _turn(forwarder, 3)
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
        _turn(forwarder, 2)
        connector.answer(status)
    connector.ready = False
    _turn(forwarder, 2)
    connector.ready = True
    _turn(forwarder)
    assert [payload for _, _, payload in connector.asked] == [1, 1, 1, 1]
    connector.answer(200)
    _turn(forwarder)
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
    _turn(forwarder)
    connector.answer(404)
    _turn(forwarder)
    connector.answer(200)
    log.set_level("info")
    assert forwarder.unwanted == 1 and forwarder.box.count == 0
    assert [payload for _, _, payload in connector.asked] == [1, 2]
    forwarder.box.close()


def test_sepl_not_even_sent():
    connector, forwarder = _sepl()
    forwarder.event("lamp-1", "light", 1)
    connector.refuses = True
    _turn(forwarder, 3)
    assert forwarder.flying == 0 and forwarder.box.taken == 0
    connector.refuses = False
    _turn(forwarder)
    assert connector.asked and forwarder.flying == 1
    forwarder.box.close()


def test_a_flash_that_cannot_be_read_is_tried_again():
    log.set_level("off")
    connector, forwarder = _sepl()
    forwarder.failed(OSError(5))
    log.set_level("info")
    assert connector.ready and forwarder.deadline != ticks_ms()
    forwarder.box.close()
