"""motelink.losant_outbox: states wait on flash while the platform is away."""

from box import clean, drained
from kit import no_alloc, raises
from losant_kettle import STATE, begin, device
from motelink.clock import Clock
from motelink.errors import ConfigError, TooLarge
from motelink.losant_outbox import Forwarder
from motelink.losant_state import StateWriter
from motelink.mqtt_session import Slot
from motelink.outbox import Outbox
from motelink.port import ticks_add, ticks_ms
from mqtt_owner import PUBACK, ack
from wire import Endless

NOW = 1760000000


class _Ticks:
    now = 0

    def __call__(self):
        return self.now


def _clock(set_to=NOW):
    ticks = _Ticks()
    clock = Clock(ticks, lambda: 5)
    if set_to:
        clock.set(set_to, 250)
    return clock, ticks


def _made(window=2, always=False, clock=None, tx_size=1024, **options):
    values = {"record_size": 128, "segment_size": 1000, "segments": 4}
    values.update(options)
    clean("box")
    made = device(clock=clock or _clock()[0], tx_size=tx_size)
    forwarder = Forwarder(made, Outbox("box", **values), window, always)
    forwarder.loop = made.client.loop
    forwarder.pace = 0
    return made, forwarder


def _sent(made):
    """(packet id, DUP, JSON) of the states that were sent."""
    found = []
    for kind, body in made.client.sent():
        if kind & 0xF7 == 0x32:
            n = 2 + len(STATE)
            assert body[2:n] == STATE
            found.append((body[n] << 8 | body[n + 1], kind & 8 > 0, bytes(body[n + 2 :]).rstrip()))
        else:
            assert kind == 0x82, kind
    return found


def _state(i):
    return b'{"data":{"i":%d}}' % i


def _stamped(i, ms=NOW * 1000 + 250):
    return b'{"data":{"i":%d},"time":%d}' % (i, ms)


def _away(made):
    made.client.drop(0, None)


def test_at_once_where_nothing_waits():
    made, forwarder = _made()
    begin(made)
    assert made.publish(_state(1))
    ((pid, dup, payload),) = _sent(made)
    assert payload == _stamped(1) and not dup and forwarder.box.count == 0
    made.client.get(ack(PUBACK, pid))
    assert made.client.in_flight == 0
    forwarder.box.close()


def test_kept_while_away_and_sent_in_order():
    made, forwarder = _made(window=2)
    for i in range(5):
        assert made.publish(_state(i))
    assert forwarder.box.count == 5
    forwarder.turn(ticks_ms())
    begin(made)
    assert made.publish(_state(5))  # behind those that wait
    assert forwarder.box.count == 6
    found = []
    for _ in range(9):
        forwarder.turn(ticks_ms())
        sent = _sent(made)
        assert len(sent) <= 2 and forwarder.flying <= 2
        for pid, dup, payload in sent:
            assert not dup
            found.append(payload)
            made.client.get(ack(PUBACK, pid))
    assert found == [_stamped(i) for i in range(6)], found
    assert forwarder.box.count == 0 and forwarder.flying == 0
    forwarder.box.close()


def test_not_acknowledged_before_a_cut_is_sent_again_and_once_in_flash():
    made, forwarder = _made(window=2)
    for i in range(4):
        made.publish(_state(i))
    begin(made)
    forwarder.turn(ticks_ms())
    first, _ = _sent(made)
    made.client.get(ack(PUBACK, first[0]))
    _away(made)
    forwarder.turn(ticks_ms())
    assert (forwarder.box.count, forwarder.flying) == (4, 2)
    made.client.turn(0)
    made.client.ready(4)
    made.client.sent()
    made.client.get(b"\x20\2\0\0")
    assert [payload for _, _, payload in _sent(made)] == [_stamped(1)]
    forwarder.turn(ticks_ms())  # the first was acknowledged before the cut: it is not sent again
    assert [payload for _, _, payload in _sent(made)] == [_stamped(2)]
    assert (forwarder.box.count, forwarder.flying) == (3, 2)
    forwarder.box.close()
    again = Outbox("box", 128, 1000, 4)  # a power cut now brings back all of the segment
    assert [payload.rstrip() for payload in drained(again)] == [_stamped(i) for i in range(4)]
    again.close()


def test_the_window_of_a_dead_connection_is_full():
    made, forwarder = _made(window=2)
    begin(made)
    for i in range(4):
        assert made.publish(_state(i))
    assert len(_sent(made)) == 2 and forwarder.box.count == 2
    forwarder.box.close()


def test_always_goes_through_flash():
    made, forwarder = _made(always=True)
    begin(made)
    assert made.publish(_state(1)) and forwarder.box.count == 1 and not _sent(made)
    forwarder.turn(ticks_ms())
    ((pid, _, payload),) = _sent(made)
    assert payload == _stamped(1) and forwarder.box.count == 1
    made.client.get(ack(PUBACK, pid))
    forwarder.turn(ticks_ms())
    assert forwarder.box.count == 0
    forwarder.box.close()


def test_paced_as_the_platform_wants_it():
    made, forwarder = _made(window=4)
    del forwarder.pace
    for i in range(4):
        made.publish(_state(i))
    begin(made)
    now = forwarder._next
    sent = []
    for ms in (0, 100, 599, 600, 1199, 1200):
        forwarder.turn(ticks_add(now, ms))
        sent.append(len(_sent(made)))
    assert sent == [1, 0, 0, 1, 0, 1], sent
    forwarder.box.close()


def test_refused_where_it_refuses():
    made, forwarder = _made(policy="refuse", segment_size=140, segments=2)
    taken = 0
    while made.publish(_state(taken)):
        taken += 1
    assert taken and forwarder.box.refused == 1 and forwarder.box.count == taken
    forwarder.box.close()


def test_time_is_when_it_was_measured():
    clock, ticks = _clock()
    made, forwarder = _made(clock=clock)
    for passed, ms in ((0, 250), (700, 950), (1000, 1250), (100000000, 100000250)):
        ticks.now = passed
        made.publish(_state(passed))
        assert forwarder.box.peek()
        assert forwarder.box.payload.bytes().rstrip() == _stamped(passed, NOW * 1000 + ms)
        forwarder.box.pop()
    clock.set(NOW + 200000, 0)
    made.publish(_state(1))
    forwarder.box.peek()
    assert forwarder.box.payload.bytes().rstrip() == _stamped(1, (NOW + 200000) * 1000)
    forwarder.box.close()


def test_time_by_the_rtc():
    made, forwarder = _made(clock=Clock(lambda: 1500, lambda: NOW + 0.5))
    made.publish(_state(1))
    forwarder.box.peek()
    assert forwarder.box.payload.bytes().rstrip() == _stamped(1, NOW * 1000)
    forwarder.box.close()


def test_no_time_while_the_clock_is_not_set():
    made, forwarder = _made(clock=_clock(0)[0])
    made.publish(_state(1))
    forwarder.box.peek()
    assert forwarder.box.payload.bytes().rstrip() == _state(1)
    forwarder.box.close()


def test_who_says_a_time_keeps_it():
    made, forwarder = _made()
    made.send_state({"i": 3}, 1234567890123)
    writer = StateWriter(made, "i")
    writer[0] = 4
    writer.send(1234567890124)
    made.send_state({"i": 5})
    made.publish(b'{"flowVersion":"x","data":{"i":6}}')
    box = forwarder.box
    times = []
    while box.peek():
        times.append(box.payload.json().get("time"))
        box.pop()
    assert times[:2] == [1234567890123, 1234567890124] and times[3] is None
    assert times[2] // 1000 == NOW
    box.close()


def test_too_large():
    made, forwarder = _made()
    fits = b'{"data":{"i":"%s"}}' % (b"x" * (128 - 22 - 17))
    assert len(fits) == 106 == made.limit and made.publish(fits)
    raises(TooLarge, made.publish, fits + b" }")
    assert forwarder.box.peek() and forwarder.box.payload.json()["time"] // 1000 == NOW
    forwarder.box.close()


def test_a_record_larger_than_the_settings_of_now_holds_nothing_up():
    from motelink import log

    made, forwarder = _made()
    made.publish(_state(1))
    made.publish(_state(2))
    begin(made)
    made.client._session.window = [Slot(20) for _ in range(2)]
    log.set_level("off")
    for _ in range(3):
        forwarder.turn(ticks_ms())
    log.set_level("info")
    assert forwarder.box.count == 0 and forwarder.unwanted == 2
    forwarder.box.close()


def test_a_record_fits_to_the_byte():
    from motelink import log

    log.set_level("off")
    for less in (0, 1):
        made, forwarder = _made()
        made.publish(_state(1))
        begin(made)
        assert forwarder.box.peek()
        size = len(STATE) + len(forwarder.box.payload) + 9
        made.client._session.window = [Slot(size - less) for _ in range(2)]
        forwarder.turn(ticks_ms())
        assert len(_sent(made)) == 1 - less and forwarder.unwanted == less
        forwarder.box.close()
    log.set_level("info")


def test_records_of_any_length():
    made, forwarder = _made(record_size=200)
    begin(made)
    _away(made)
    forwarder.turn(ticks_ms())
    states = [b'{"data":{"i":"%s"},"time":1}' % (b"x" * n) for n in (0, 75, 76, 77, 90, 140)]
    for state in states:
        assert made.publish(state)
    made.client.turn(0)
    made.client.ready(4)
    made.client.sent()
    made.client.get(b"\x20\2\0\0")
    found = []
    for _ in range(9):
        forwarder.turn(ticks_ms())
        for pid, _, payload in _sent(made):
            found.append(payload)
            made.client.get(ack(PUBACK, pid))
    assert found == states, found
    forwarder.box.close()


def test_the_clients_own_messages_are_as_large_as_before():
    clean("box")
    made = device(tx_size=600, window=1)
    forwarder = Forwarder(made, Outbox("box", record_size=64))
    begin(made)
    assert made.client.publish(b"own", b"x" * 500, 1)
    ((_, body),) = made.client.sent()
    assert len(body) == 507
    forwarder.box.close()


def test_an_outbox_comes_before_the_connection():
    clean("box")
    made = begin(device())
    box = Outbox("box")
    raises(ConfigError, Forwarder, made, box)
    box.close()


def test_a_state_that_fits_is_never_too_large_for_the_connection():
    made, forwarder = _made(record_size=500, tx_size=100)
    fits = b'{"data":{"i":"%s"}}' % (b"x" * (made.limit - 17))
    raises(TooLarge, made.publish, fits + b"}")
    assert made.publish(fits)
    begin(made)
    forwarder.turn(ticks_ms())
    ((pid, _, payload),) = _sent(made)
    assert len(payload) == len(fits) + 21 and forwarder.unwanted == 0
    made.client.get(ack(PUBACK, pid))
    forwarder.turn(ticks_ms())
    assert made.publish(fits) and len(_sent(made)) == 1  # at once
    forwarder.box.close()


def test_a_client_that_has_ended_lets_the_loop_end():
    made, forwarder = _made()
    begin(made)
    made.client.loop.clients = [made.client, forwarder]
    removed = []
    made.client.loop.remove = removed.append
    made.client.state = 4
    forwarder.turn(ticks_ms())
    assert removed == [forwarder] and forwarder.loop is None
    forwarder.box.close()


def test_what_has_arrived_does_not_come_back_after_a_while():
    made, forwarder = _made(always=True)
    begin(made)
    made.publish(_state(1))
    forwarder.turn(ticks_ms())
    made.client.get(ack(PUBACK, _sent(made)[0][0]))
    forwarder.turn(ticks_ms())
    assert forwarder.box._counts
    forwarder.turn(ticks_add(forwarder._put, 10001))
    assert not forwarder.box._counts
    assert made.publish(_state(2)) and forwarder.box.count == 1
    forwarder.box.close()


def test_nothing_is_allocated():
    made, forwarder = _made(window=1, segment_size=40000)
    payload = _state(123)
    no_alloc(made.publish, payload)
    begin(made)
    forwarder.turn(ticks_ms())
    session = made.client._session
    made.client.sock = Endless(b"")
    count = forwarder.box.count

    def replay():
        session._acknowledged(PUBACK, session.window[0].id)
        forwarder.turn(ticks_ms())

    no_alloc(replay, n=20)
    assert forwarder.box.count <= count - 20
    forwarder.box.close()
