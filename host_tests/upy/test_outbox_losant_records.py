"""motelink.losant_outbox: what a record holds. The time of a state, and sizes to the byte."""

from kit import raises
from losant_kettle import STATE, begin
from motelink.clock import Clock
from motelink.errors import TooLarge
from motelink.losant_state import StateWriter
from motelink.mqtt_session import slots
from motelink.port import ticks_ms
from mqtt_owner import PUBACK, ack
from outbox_losant import NOW, away, clock_at, forwarding, stamped, state_of, states_sent


def test_time_is_when_it_was_measured():
    clock, ticks = clock_at()
    made, forwarder = forwarding(clock=clock)
    for passed, ms in ((0, 250), (700, 950), (1000, 1250), (100000000, 100000250)):
        ticks.now = passed
        made.publish(state_of(passed))
        assert forwarder.box.peek()
        assert forwarder.box.payload.bytes().rstrip() == stamped(passed, NOW * 1000 + ms)
        forwarder.box.pop()
    clock.set(NOW + 200000, 0)
    made.publish(state_of(1))
    forwarder.box.peek()
    assert forwarder.box.payload.bytes().rstrip() == stamped(1, (NOW + 200000) * 1000)
    forwarder.box.close()


def test_time_by_the_rtc():
    made, forwarder = forwarding(clock=Clock(lambda: 1500, lambda: NOW + 0.5))
    made.publish(state_of(1))
    forwarder.box.peek()
    assert forwarder.box.payload.bytes().rstrip() == stamped(1, NOW * 1000)
    forwarder.box.close()


def test_no_time_while_the_clock_is_not_set():
    made, forwarder = forwarding(clock=clock_at(0)[0])
    made.publish(state_of(1))
    forwarder.box.peek()
    assert forwarder.box.payload.bytes().rstrip() == state_of(1)
    forwarder.box.close()


def test_who_says_a_time_keeps_it():
    made, forwarder = forwarding()
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
    made, forwarder = forwarding()
    fits = b'{"data":{"i":"%s"}}' % (b"x" * (128 - 22 - 17))
    assert len(fits) == 106 == made.limit and made.publish(fits)
    raises(TooLarge, made.publish, fits + b" }")
    assert forwarder.box.peek() and forwarder.box.payload.json()["time"] // 1000 == NOW
    forwarder.box.close()


def test_a_record_larger_than_the_settings_of_now_holds_nothing_up():
    from motelink import log

    made, forwarder = forwarding()
    made.publish(state_of(1))
    made.publish(state_of(2))
    begin(made)
    made.client._session.window = slots(2, 20)
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
        made, forwarder = forwarding()
        made.publish(state_of(1))
        begin(made)
        assert forwarder.box.peek()
        size = len(STATE) + len(forwarder.box.payload) + 9
        made.client._session.window = slots(2, size - less)
        forwarder.turn(ticks_ms())
        assert len(states_sent(made)) == 1 - less and forwarder.unwanted == less
        forwarder.box.close()
    log.set_level("info")


def test_records_of_any_length():
    made, forwarder = forwarding(record_size=200)
    begin(made)
    away(made)
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
        for pid, _, payload in states_sent(made):
            found.append(payload)
            made.client.get(ack(PUBACK, pid))
    assert found == states, found
    forwarder.box.close()


def test_a_state_that_fits_is_never_too_large_for_the_connection():
    made, forwarder = forwarding(record_size=500, tx_size=100)
    fits = b'{"data":{"i":"%s"}}' % (b"x" * (made.limit - 17))
    raises(TooLarge, made.publish, fits + b"}")
    assert made.publish(fits)
    begin(made)
    forwarder.turn(ticks_ms())
    ((pid, _, payload),) = states_sent(made)
    assert len(payload) == len(fits) + 21 and forwarder.unwanted == 0
    made.client.get(ack(PUBACK, pid))
    forwarder.turn(ticks_ms())
    assert made.publish(fits) and len(states_sent(made)) == 1  # at once
    forwarder.box.close()
