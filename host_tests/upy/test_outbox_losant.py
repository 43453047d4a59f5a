"""motelink.losant_outbox: states wait on flash while the platform is away."""

from box import clean, drained
from kit import no_alloc, raises
from losant_kettle import begin, device
from motelink.errors import ConfigError
from motelink.losant_outbox import Forwarder
from motelink.outbox import Outbox
from motelink.port import ticks_add, ticks_ms
from mqtt_owner import PUBACK, ack
from outbox_losant import away, forwarding, stamped, state_of, states_sent
from wire import Endless


def test_at_once_where_nothing_waits():
    made, forwarder = forwarding()
    begin(made)
    assert made.publish(state_of(1))
    ((pid, dup, payload),) = states_sent(made)
    assert payload == stamped(1) and not dup and forwarder.box.count == 0
    made.client.get(ack(PUBACK, pid))
    assert made.client.in_flight == 0
    forwarder.box.close()


def test_kept_while_away_and_sent_in_order():
    made, forwarder = forwarding(window=2)
    for i in range(5):
        assert made.publish(state_of(i))
    assert forwarder.box.count == 5
    forwarder.turn(ticks_ms())
    begin(made)
    assert made.publish(state_of(5))  # behind those that wait
    assert forwarder.box.count == 6
    found = []
    for _ in range(9):
        forwarder.turn(ticks_ms())
        sent = states_sent(made)
        assert len(sent) <= 2 and forwarder.flying <= 2
        for pid, dup, payload in sent:
            assert not dup
            found.append(payload)
            made.client.get(ack(PUBACK, pid))
    assert found == [stamped(i) for i in range(6)], found
    assert forwarder.box.count == 0 and forwarder.flying == 0
    forwarder.box.close()


def test_not_acknowledged_before_a_cut_is_sent_again_and_once_in_flash():
    made, forwarder = forwarding(window=2)
    for i in range(4):
        made.publish(state_of(i))
    begin(made)
    forwarder.turn(ticks_ms())
    first, _ = states_sent(made)
    made.client.get(ack(PUBACK, first[0]))
    away(made)
    forwarder.turn(ticks_ms())
    assert (forwarder.box.count, forwarder.flying) == (4, 2)
    made.client.turn(0)
    made.client.ready(4)
    made.client.sent()
    made.client.get(b"\x20\2\0\0")
    assert [payload for _, _, payload in states_sent(made)] == [stamped(1)]
    forwarder.turn(ticks_ms())  # the first was acknowledged before the cut: it is not sent again
    assert [payload for _, _, payload in states_sent(made)] == [stamped(2)]
    assert (forwarder.box.count, forwarder.flying) == (3, 2)
    forwarder.box.close()
    again = Outbox("box", 128, 1000, 4)  # what was acknowledged does not come back
    assert [payload.rstrip() for payload in drained(again)] == [stamped(i) for i in range(1, 4)]
    again.close()


def test_the_window_of_a_dead_connection_is_full():
    made, forwarder = forwarding(window=2)
    begin(made)
    for i in range(4):
        assert made.publish(state_of(i))
    assert len(states_sent(made)) == 2 and forwarder.box.count == 2
    forwarder.box.close()


def test_always_goes_through_flash():
    made, forwarder = forwarding(always=True)
    begin(made)
    assert made.publish(state_of(1)) and forwarder.box.count == 1 and not states_sent(made)
    forwarder.turn(ticks_ms())
    ((pid, _, payload),) = states_sent(made)
    assert payload == stamped(1) and forwarder.box.count == 1
    made.client.get(ack(PUBACK, pid))
    forwarder.turn(ticks_ms())
    assert forwarder.box.count == 0
    forwarder.box.close()


def test_paced_as_the_platform_wants_it():
    made, forwarder = forwarding(window=4)
    del forwarder.pace
    for i in range(4):
        made.publish(state_of(i))
    begin(made)
    now = forwarder._next
    sent = []
    for ms in (0, 100, 599, 600, 1199, 1200):
        forwarder.turn(ticks_add(now, ms))
        sent.append(len(states_sent(made)))
    assert sent == [1, 0, 0, 1, 0, 1], sent
    forwarder.box.close()


def test_refused_where_it_refuses():
    made, forwarder = forwarding(policy="refuse", segment_size=140, segments=2)
    taken = 0
    while made.publish(state_of(taken)):
        taken += 1
    assert taken and forwarder.box.refused == 1 and forwarder.box.count == taken
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


def test_a_client_that_has_ended_lets_the_loop_end():
    made, forwarder = forwarding()
    begin(made)
    made.client.loop.clients = [made.client, forwarder]
    removed = []
    made.client.loop.remove = removed.append
    made.client.state = 4
    forwarder.turn(ticks_ms())
    assert removed == [forwarder] and forwarder.loop is None
    forwarder.box.close()


def test_what_has_arrived_does_not_come_back_after_a_while():
    made, forwarder = forwarding(always=True)
    begin(made)
    made.publish(state_of(1))
    forwarder.turn(ticks_ms())
    made.client.get(ack(PUBACK, states_sent(made)[0][0]))
    forwarder.turn(ticks_ms())
    assert forwarder.box._counts
    forwarder.turn(ticks_add(forwarder._put, 10001))
    assert not forwarder.box._counts
    assert made.publish(state_of(2)) and forwarder.box.count == 1
    forwarder.box.close()


def test_nothing_is_allocated():
    made, forwarder = forwarding(window=1, segment_size=40000)
    payload = state_of(123)
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
