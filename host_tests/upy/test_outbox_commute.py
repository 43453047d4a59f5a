"""motelink.commute_outbox: states wait on flash, and are sent again until a pong says that they
have arrived. The client is as small as can be; integration/test_outbox_platforms.py has the real
one.
"""

import json

from doubles import Instead
from kit import no_alloc, raises
from motelink import log
from motelink.commute_outbox import Forwarder
from motelink.commute_put import Put
from motelink.errors import ConfigError
from motelink.loop import Loop
from motelink.port import ticks_add, ticks_diff, ticks_ms
from outbox_platform import Client, fresh, turn


class _Pair(Client):
    keepalive = 30
    _pinged = False
    answer_ms = 1000
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
    return pair, Forwarder(pair, fresh(**options), window)


def _frame(i):
    return b'{"method":"put","status":{"sensor":"LED","value":%d}}' % i


def test_commute_waits_for_the_pong_behind():
    pair, forwarder = _commute()
    for i in range(4):
        assert forwarder.send_text(_frame(i))
    turn(forwarder)
    assert not pair.sent
    pair.come()
    turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)] and forwarder.flying == 3
    assert not pair.pings
    turn(forwarder, 3)
    assert pair.pings == 1 and pair._pinged and forwarder.box.count == 4
    pair.pong()
    turn(forwarder)
    assert pair.new() == [_frame(3)] and forwarder.box.count == 1
    turn(forwarder)
    pair.pong()
    turn(forwarder)
    assert forwarder.box.count == 0 and pair.pings == 2 and not pair.sent
    forwarder.box.close()


def test_commute_a_ping_of_before_proves_nothing():
    pair, forwarder = _commute()
    pair.come()._pinged = True  # by its keepalive, in front of what is sent now
    forwarder.send_text(_frame(1))
    turn(forwarder, 2)
    pair.pong()
    assert forwarder.flying == 1
    turn(forwarder)
    assert forwarder.flying == 1 and pair.pings == 1
    pair.pong()
    turn(forwarder)
    assert forwarder.flying == 0
    forwarder.box.close()


def test_commute_sends_again_what_has_no_pong():
    pair, forwarder = _commute()
    for i in range(3):
        forwarder.send_text(_frame(i))
    pair.come()
    turn(forwarder, 2)
    assert len(pair.new()) == 3 and pair._pinged
    pair.go()
    turn(forwarder)
    pair._pinged = False  # as a new connection has it
    pair.come()
    turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)] and forwarder.box.count == 3
    # Lost and back between two looks.
    pair.connects += 1
    pair._pinged = False
    turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)] and forwarder.box.count == 3
    forwarder.box.close()


def test_commute_a_connection_that_takes_nothing():
    pair, forwarder = _commute()
    for i in range(3):
        forwarder.send_text(_frame(i))
    pair.come().takes = 1
    turn(forwarder)
    assert pair.new() == [_frame(0)] and forwarder.flying == 1
    pair.takes = 9
    turn(forwarder)
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
    turn(forwarder)
    assert len(pair.new()) == 3
    pair.connects += 1
    rewind = forwarder.box.rewind

    def fail():
        raise MemoryError

    forwarder.box.rewind = fail
    raises(MemoryError, turn, forwarder)
    forwarder.box.rewind = rewind
    turn(forwarder)
    assert pair.new() == [_frame(0), _frame(1), _frame(2)]
    forwarder.box.close()


def test_commute_states_and_puts():
    pair, forwarder = _commute(record_size=90)
    assert forwarder.send_message("LED", 21.5)
    assert Put(forwarder, "LED").send(-7)
    pair.come()
    turn(forwarder)
    found = [json.loads(frame) for frame in pair.new()]
    assert found[0] == {"method": "put", "status": {"sensor": "LED", "value": 21.5}}
    assert found[1]["status"]["value"] == -7
    raises(TypeError, forwarder.send_message, "LED", {1})
    forwarder.box.close()
    pair.keepalive = 0
    raises(ConfigError, Forwarder, pair, forwarder.box)


def test_looking_allocates_nothing_with_and_without_a_connection():
    pair, forwarder = _commute(window=2, segment_size=20000)
    now = ticks_ms()
    no_alloc(forwarder.turn, now)
    for i in range(4):
        forwarder.send_text(_frame(i))
    no_alloc(forwarder.turn, now)  # they wait
    pair.come()
    turn(forwarder, 2)
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
