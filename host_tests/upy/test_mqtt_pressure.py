"""motelink.mqtt's client when the socket takes little or nothing."""

from kit import raises
from motelink.mqtt import prepared
from mqtt_kettle import HUP, IN, OUT, Kettle, T
from mqtt_owner import CONNACK, PUBACK, ack, pub


def test_a_socket_that_is_full_is_watched_and_then_let_go():
    kettle = Kettle().begin()
    assert kettle.loop.poll.events == IN
    kettle.sock.take = 3
    assert kettle.publish(T, b"x")
    assert kettle.loop.poll.events == IN | OUT
    assert not kettle.publish(T, b"x")
    kettle.sock.take = None
    kettle.ready(OUT)
    assert kettle.loop.poll.events == IN
    # Emptied by the next message, not by the loop: then it must not be woken for ever.
    kettle.sock.take = 3
    kettle.publish(T, b"x")
    kettle.sock.take = None
    assert kettle.publish(T, b"y")
    assert kettle.loop.poll.events == IN | OUT
    kettle.ready(OUT)
    assert kettle.loop.poll.events == IN


def test_the_same_topic_again_and_again():
    kettle = Kettle(tx_size=128, slot_size=128).begin()
    topic = prepared("home/kettle")
    sizes = (5, 64, 0, 65, 110, 64, 1)
    for other in (None, "answer", "ping", "slot", "retain", "partial"):
        payloads = []
        for size in sizes:
            payload = bytes([97 + size % 26]) * size
            if other == "partial":
                assert kettle.publish(topic, b"whole")
                payloads.append(b"whole")
                kettle.sock.take = 3
                assert kettle.publish(topic, payload)
                assert not kettle.publish(topic, b"refused")
                kettle.sock.take = None
                kettle.ready(OUT)
            else:
                assert kettle.publish(topic, payload)
            payloads.append(payload)
            if other == "answer":
                kettle.get(pub(b"t", b"", 1, 1))
            elif other == "ping":
                kettle.ping()
            elif other == "slot":
                kettle.publish(b"s", b"other", 1)
                kettle.get(ack(PUBACK, kettle._session.last_id))
            elif other == "retain":
                kettle.publish(topic, b"r", 0, True)
        sent = [body[13:] for kind, body in kettle.sent() if kind == 0x30]
        assert sent == payloads, other


def test_a_broker_that_sends_but_does_not_read():
    kettle = Kettle(tx_size=256).begin()
    kettle.sock.take = 0
    kettle.sock.incoming.append(pub(b"t", b"", 1, 1) * 100)
    for _ in range(3):
        if kettle.loop.poll.events & IN:
            kettle.ready(IN)
    assert kettle.loop.poll.events == OUT
    assert kettle.messages < 100
    kettle.sock.take = None
    for _ in range(9):
        kettle.ready(kettle.loop.poll.events)
    assert kettle.messages == 100
    assert len(kettle.sent()) == 100
    assert kettle.loop.poll.events == IN
    assert kettle.connected


def test_a_broker_that_breaks_while_it_does_not_read():
    kettle = Kettle(tx_size=256, rx_size=256).begin()
    kettle.sock.take = 0
    kettle.sock.incoming.append(pub(b"t", b"", 1, 1) * 100)
    kettle.ready(IN)
    kettle.ready(IN)
    kettle.sock.incoming = [b""]
    error = raises(OSError, kettle.ready, HUP)
    kettle.failed(error)
    assert not kettle.connected
    kettle.begin(CONNACK)
    assert kettle.connected
