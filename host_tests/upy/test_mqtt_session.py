"""What a client owes a broker, and gives again: motelink.mqtt_session."""

from kit import no_alloc, raises
from motelink import mqtt_build, mqtt_resume
from motelink.errors import AuthError, ConnectionLost, ProtocolError, TimedOut, TooLarge
from mqtt_owner import (
    CONNACK,
    PINGRESP,
    PRESENT,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    Counter,
    Owner,
    ack,
    pub,
    ready,
)

T = b"home/kettle"
PING = (0xC0, b"")


def _ids(sent):
    """The packet ids of PUBLISHes to T."""
    return [body[13] << 8 | body[14] for _, body in sent]


def test_connack_is_waited_for():
    owner = Owner()
    session = owner.session
    assert not session.publish(T, b"x")
    assert not session.publish(T, b"x", 1)
    session.opened(False)
    assert not session.publish(T, b"x")
    raises(TimedOut, session.tick, 9)
    assert owner.feed(CONNACK) == ["accepted"]
    assert session.publish(T, b"x")
    assert owner.sent() == [(0x30, b"\x00\x0bhome/kettlex")]


def test_nothing_may_come_before_connack():
    for bad in (pub(T, b"x"), PINGRESP, ack(PUBACK, 1), b"\x90\x03\0\1\0"):
        raises(ProtocolError, Owner().connect, bad)


def test_connack_codes():
    for code, kind, word in (
        (1, AuthError, "version"),
        (2, AuthError, "client id"),
        (3, ConnectionLost, "unavailable"),
        (4, AuthError, "password"),
        (5, AuthError, "not authorized"),
    ):
        error = raises(kind, Owner().connect, bytes([0x20, 2, 0, code]))
        assert word in str(error), str(error)
        assert error.final == (code != 3)
    for bad in (b"\x20\2\0\6", b"\x20\2\2\0", b"\x20\2\1\5", b"\x20\1\0", b"\x21\2\0\0"):
        raises(ProtocolError, Owner().connect, bad)
    raises(ProtocolError, Owner(clean=True).connect, PRESENT)
    assert Owner().connect(PRESENT).present


def test_a_publish_is_one_write():
    for qos in (0, 1, 2):
        for retain in (False, True):
            for size in (0, 1, 40, 110, 111, 112, 128, 200):
                owner = ready(slot_size=256)
                assert owner.session.publish(T, b"p" * size, qos, retain)
                assert owner.sock.writes == 1
                pid = b"\0\1" if qos else b""
                expected = b"\0\x0b" + T + pid + b"p" * size
                assert owner.sent() == [(0x30 | qos << 1 | retain, expected)], (qos, size)


def test_text_is_encoded_and_topics_are_checked():
    owner = ready()
    assert owner.session.publish("茶", "heiß")
    assert owner.sent() == [(0x30, b"\0\3\xe8\x8c\xb6hei\xc3\x9f")]
    raises(ValueError, owner.session.publish, "a/#", b"")
    raises(ValueError, owner.session.publish, "a", b"", 3)
    assert owner.sent() == []


def test_what_is_no_payload_is_refused_and_the_next_goes():
    owner = ready()
    assert owner.session.publish(T, b"x")
    for payload in ([1, 2], 3, None):
        raises(Exception, owner.session.publish, T, payload)
    assert owner.session.publish(T, b"y")
    assert owner.session.publish(T, "z")
    assert [body[-1] for _, body in owner.sent()] == list(b"xyz")


def test_what_never_fits_is_refused():
    owner = ready(tx_size=60, slot_size=40)
    for qos, most in ((0, 42), (1, 20), (2, 20)):
        publish = owner.session.publish
        assert publish(T, b"x" * most, qos)
        assert "packet of" in str(raises(TooLarge, publish, T, b"x" * (most + 1), qos))
    assert owner.in_flight == 2


def test_the_window_fills_and_empties():
    owner = ready(window=3)
    publish = owner.session.publish
    assert [publish(T, b"x", 1) for _ in range(4)] == [True, True, True, False]
    assert publish(T, b"x", 0)
    assert _ids(owner.sent()[:3]) == [1, 2, 3]
    owner.feed(ack(PUBACK, 2))
    assert owner.in_flight == 2
    assert publish(T, b"y", 2)
    assert not publish(T, b"y", 2)
    owner.feed(ack(PUBACK, 1), ack(PUBREC, 4))
    assert owner.in_flight == 2
    assert owner.sent()[1:] == [(PUBREL, b"\0\4")]
    owner.feed(ack(PUBACK, 3), ack(PUBCOMP, 4))
    assert owner.in_flight == 0


def test_an_acknowledgement_of_the_wrong_kind():
    for qos, wrong in ((1, PUBREC), (1, PUBCOMP), (2, PUBACK), (2, PUBCOMP)):
        owner = ready()
        owner.session.publish(T, b"x", qos)
        raises(ProtocolError, owner.feed, ack(wrong, 1))
    owner = ready()
    owner.session.publish(T, b"x", 2)
    owner.feed(ack(PUBREC, 1), ack(PUBREC, 1))
    assert owner.sent()[1:] == [(PUBREL, b"\0\1")] * 2
    raises(ProtocolError, owner.feed, ack(PUBACK, 1))


def test_packet_ids_go_round_and_skip_those_in_use():
    owner = ready()
    owner.session.publish(T, b"first", 1)
    owner.session.last_id = 65533
    for _ in range(3):
        owner.session.publish(T, b"x", 1)
    assert _ids(owner.sent()) == [1, 65534, 65535, 2]
    owner.feed(ack(PUBACK, 65534), ack(PUBACK, 65535))
    owner.session.last_id = 65534
    owner.session.publish(T, b"x", 2)
    owner.session.publish(T, b"x", 2)
    assert _ids(owner.sent()) == [65535, 3]


def test_the_65536th_message():
    owner = Counter()
    publish = owner.session.publish
    seen = set()
    for _ in range(66000):
        assert publish(T, b"x", 1)
        pid = owner.session.last_id
        assert 1 <= pid <= 65535
        owner.session._acknowledged(PUBACK, pid)
        if pid in (1, 65535):
            seen.add(pid)
    assert seen == {1, 65535}


def test_a_kept_session_gets_duplicates_in_order():
    owner = ready()
    publish = owner.session.publish
    publish(T, b"1", 1)
    publish(T, b"2", 2)
    publish(T, b"3", 2)
    publish(T, b"4", 1, True)
    owner.feed(ack(PUBREC, 2))
    owner.sent()
    owner.drop()
    assert not publish(T, b"5", 1)
    owner.connect(PRESENT)
    head = b"\0\x0b" + T
    assert owner.sent() == [
        (0x3A, head + b"\0\0011"),
        (PUBREL, b"\0\2"),
        (0x3C, head + b"\0\0033"),
        (0x3B, head + b"\0\0044"),
    ]
    assert owner.sock.writes == 4
    owner.feed(ack(PUBACK, 1), ack(PUBCOMP, 2), ack(PUBREC, 3), ack(PUBACK, 4), ack(PUBCOMP, 3))
    assert owner.in_flight == 0


def test_a_new_session_gets_the_messages_afresh():
    owner = ready()
    publish = owner.session.publish
    publish(T, b"1", 1)
    publish(T, b"2", 2)
    publish(T, b"3", 2)
    owner.feed(ack(PUBREC, 2))
    owner.sent()
    owner.drop()
    owner.connect(CONNACK)
    head = b"\0\x0b" + T
    # The second was the broker's with its PUBREC.
    assert owner.sent() == [(0x32, head + b"\0\0011"), (0x34, head + b"\0\0033")]
    assert owner.in_flight == 2
    owner.feed(ack(PUBACK, 1), ack(PUBREC, 3), ack(PUBCOMP, 3))
    assert owner.in_flight == 0


def test_resending_waits_for_a_slow_socket():
    owner = ready(tx_size=110, slot_size=100)
    for i in range(4):
        assert owner.session.publish(T, bytes([48 + i]) * 60, 1)
    sent = owner.sent()
    owner.drop()
    owner.session.opened(False)
    owner.sock.take = 100
    owner.feed(PRESENT + pub(T, b"x"))
    assert owner.session.blocked
    assert owner.events == ["closed"]
    assert not owner.session.publish(T, b"x")
    while owner.session.blocked:
        owner.sock.take = 10
        if not owner.tx.end or owner.flush():
            owner.session.resume()
    owner.sock.take = None
    assert owner.events == ["closed", "accepted", ("home/kettle", b"x", 0, 0)]
    assert owner.sent() == [(first | 8, body) for first, body in sent]


def test_a_socket_that_takes_nothing_refuses():
    owner = ready()
    owner.sock.take = 5
    assert owner.session.publish(T, b"x", 1)
    assert not owner.session.publish(T, b"y", 1)
    assert not owner.session.publish(T, b"y")
    owner.sock.take = None
    assert owner.session.publish(T, b"z")
    assert [body[-1:] for _, body in owner.sent()] == [b"x", b"z"]


def test_a_connection_that_breaks_while_publishing():
    for qos in (0, 1, 2):
        owner = ready()
        owner.sock.take = OSError(104, "reset")
        assert owner.session.publish(T, b"x", qos) == (qos > 0)
        assert owner.failure
        assert owner.in_flight == (qos > 0)
        assert not owner.session.publish(T, b"x", qos)


def test_subscriptions_are_asked_one_at_a_time_and_renewed():
    owner = Owner()
    session = owner.session
    first = mqtt_build.subscribe(["a/+", "b/#"], 1)
    second = mqtt_build.subscribe("c", 2)
    session.subscriptions += (first, second)
    owner.connect()
    session.last_id = 0
    sent = owner.sent()
    pid = sent[0][1][:2]
    assert sent == [(0x82, pid + b"\0\3a/+\1\0\3b/#\1")]
    owner.feed(b"\x90\4" + pid + b"\1\x80")
    assert owner.events[1:] == [(b"a/+", 1), (b"b/#", 128)]
    assert owner.sent() == [(0x82, b"\0\1\0\1c\2")]
    owner.feed(b"\x90\3\0\1\2")
    assert owner.events[3:] == [(b"c", 2)]
    mqtt_resume.request(session, mqtt_build.unsubscribe("c"))
    session.subscriptions = mqtt_build.without(session.subscriptions, "c")
    assert owner.sent() == [(0xA2, b"\0\2\0\1c")]
    owner.feed(b"\xb0\2\0\2")
    owner.drop()
    owner.connect(PRESENT)
    assert owner.sent() == []
    owner.drop()
    owner.connect(CONNACK)
    assert owner.sent() == [(0x82, b"\0\3\0\3a/+\1\0\3b/#\1")]


def test_what_was_not_answered_is_asked_again():
    owner = ready()
    mqtt_resume.request(owner.session, mqtt_build.unsubscribe("c"))
    owner.sent()
    owner.drop()
    owner.connect(PRESENT)
    assert owner.sent() == [(0xA2, b"\0\2\0\1c")]


def test_bad_answers_to_a_subscription():
    for bad in (
        b"\x90\2\0\1",
        b"\x90\3\0\1\1",
        b"\x90\5\0\1\1\1\1",
        b"\x90\4\0\1\2\1",  # more than was asked for
        b"\x90\4\0\1\3\1",
        b"\x90\4\0\1\x81\1",
        b"\xb0\2\0\1",
    ):
        owner = ready()
        mqtt_resume.request(owner.session, mqtt_build.subscribe(["a", "b"], 1))
        raises(ProtocolError, owner.feed, bad)


def test_publishing_allocates_nothing():
    for qos, answers in ((0, b""), (1, ack(PUBACK, 1)), (2, ack(PUBREC, 1) + ack(PUBCOMP, 1))):
        for size in (40, 150):
            owner = Counter(slot_size=200)
            owner.sock.segment = answers
            payload = b"x" * size

            def step(owner=owner, payload=payload, qos=qos):
                owner.session.last_id = 0
                assert owner.session.publish(T, payload, qos, True)
                owner.step()
                assert not owner.in_flight

            if not qos:
                owner.fill = int
            no_alloc(step)
