"""What a broker may send, and what it may not: the receiving half of motelink.mqtt_session."""

from kit import Random, no_alloc, raises
from motelink.errors import LinkError, ProtocolError, TooLarge
from motelink.mqtt_inbound import is_topic, prepared
from mqtt_owner import (
    CONNACK,
    PINGRESP,
    PUBACK,
    PUBCOMP,
    PUBREC,
    PUBREL,
    Counter,
    Owner,
    Ring,
    ack,
    length,
    pub,
)

HEAP = "256k"  # for the lists of segments of one byte

T = b"home/kettle"


def _connected(**sizes):
    owner = Owner(**sizes).connect()
    owner.events.clear()
    return owner


def test_messages_of_every_qos_are_delivered_and_acknowledged():
    for qos, answer in ((0, []), (1, [(PUBACK, b"\x12\x34")]), (2, [(PUBREC, b"\x12\x34")])):
        for payload in (b"", b"on", b"x" * 40):
            for retain in (0, 1):
                owner = _connected()
                segment = pub(T, payload, qos, 0x1234, retain=retain)
                assert owner.feed(segment) == [("home/kettle", payload, qos, retain)]
                assert owner.sent() == answer


def test_packets_cut_anywhere():
    stream = (
        pub(T, b"one")
        + pub(T, b"two", 1, 7)
        + pub(T, b"", 2, 8)
        + ack(PUBREL, 8)
        + PINGRESP
        + pub(b"t", b"x" * 150, 1, 9)
        + pub(T, b"last", retain=1)
    )
    expected = [("home/kettle", b"one", 0, 0), ("home/kettle", b"two", 1, 0)]
    expected += [("home/kettle", b"", 2, 0), ("oversize", 150), ("home/kettle", b"last", 0, 1)]
    answers = [(PUBACK, b"\0\7"), (PUBREC, b"\0\10"), (PUBCOMP, b"\0\10"), (PUBACK, b"\0\11")]
    for first in range(1, len(stream), 3):
        for size in (1, 5, 64):
            owner = _connected()
            rest = stream[first:]
            cut = [rest[i : i + size] for i in range(0, len(rest), size)]
            owner.feed(stream[:first], *cut)
            whole = b"".join([e[2] for e in owner.events if e[0] == "chunk"])
            assert whole == b"x" * 150, (first, size)
            assert [e for e in owner.events if e[0] != "chunk"] == expected, (first, size)
            assert owner.sent() == answers, (first, size)


def test_topics():
    for topic in ("a", "/", "a/b c", "Grüße/茶/🫖", "$SYS/x", "x" * 300):
        assert prepared(topic) == topic.encode()
    for topic in ("", "a/+", "#", "a\0b"):
        assert "topic" in str(raises(ValueError, prepared, topic))
    for bad in (
        b"\x80", b"a\xff", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf0\x8f\xbf\xbf",
        b"\xf4\x90\x80\x80", b"\xc3", b"\xe2\x82", b"\xc3a", b"\xf5\x80\x80\x80",
    ):  # fmt: skip
        assert not is_topic(bad, 0, len(bad)), bad
        raises(ProtocolError, _connected().feed, pub(bad, b""))


def test_topic_compares_with_bytes_and_text():
    seen = []

    def look(message):
        topic = message.topic
        seen.append((topic == T, topic == "home/kettle", topic == b"home", topic == "home/Kettle"))

    owner = _connected()
    owner.on_message = look
    owner.feed(pub(T, b""))
    assert seen == [(True, True, False, False)]


def test_qos_2_is_delivered_once_until_it_is_released():
    owner = _connected()
    owner.feed(pub(T, b"x", 2, 5), pub(T, b"x", 2, 5, dup=1))
    assert owner.sent() == [(PUBREC, b"\0\5"), (PUBREC, b"\0\5")]
    owner.feed(ack(PUBREL, 5), ack(PUBREL, 5))
    assert owner.sent() == [(PUBCOMP, b"\0\5"), (PUBCOMP, b"\0\5")]
    assert len(owner.events) == 1
    owner.feed(pub(T, b"y", 2, 5))
    assert len(owner.events) == 2


def test_qos_2_is_delivered_once_over_a_reconnect():
    owner = _connected()
    owner.feed(pub(T, b"x", 2, 5))
    owner.drop()
    owner.connect(b"\x20\x02\x01\x00" + pub(T, b"x", 2, 5, dup=1))
    assert owner.sent() == [(PUBREC, b"\0\5")]
    assert owner.events == [("home/kettle", b"x", 2, 0), "closed", "accepted"]


def test_a_new_session_forgets_what_was_received():
    owner = _connected()
    owner.feed(pub(T, b"x", 2, 5))
    owner.drop()
    owner.connect(CONNACK + pub(T, b"new", 2, 5))
    assert owner.events[-1] == ("home/kettle", b"new", 2, 0)


def test_more_unreleased_messages_than_ids_end_the_connection():
    owner = _connected(ids=2)
    owner.feed(pub(T, b"", 2, 1), pub(T, b"", 2, 2), ack(PUBREL, 1), pub(T, b"", 2, 3))
    assert "ids=2" in str(raises(TooLarge, owner.feed, pub(T, b"", 2, 4)))
    assert len(owner.events) == 3


def test_a_large_message_comes_in_chunks():
    for qos in (0, 1, 2):
        owner = _connected()
        body = bytes([i & 255 for i in range(1000)])
        owner.feed(pub(T, body, qos, 3), pub(T, b"next"))
        chunks = owner.events[:-2]
        assert b"".join([chunk[2] for chunk in chunks]) == body
        at = 0
        for chunk in chunks:
            assert chunk[0] == "chunk"
            assert chunk[1] == (None if at else "home/kettle")
            assert chunk[2]
            assert chunk[3:] == (at, 1000)
            at += len(chunk[2])
        assert owner.events[-2:] == [("oversize", 1000), ("home/kettle", b"next", 0, 0)]
        assert owner.sent() == [[], [(PUBACK, b"\0\3")], [(PUBREC, b"\0\3")]][qos]


def test_a_large_message_at_qos_2_comes_once():
    owner = _connected()
    large = pub(T, b"x" * 200, 2, 3)
    owner.feed(large)
    count = len(owner.events)
    owner.feed(large, pub(T, b"next"))
    assert owner.events[count:] == [("home/kettle", b"next", 0, 0)]
    assert owner.sent() == [(PUBREC, b"\0\3")] * 2


def test_a_large_message_cut_off_comes_again():
    owner = _connected()
    large = pub(T, b"x" * 200, 2, 3)
    owner.feed(large[:150])
    owner.drop()
    owner.events.clear()
    owner.connect(b"\x20\x02\x01\x00", large)
    assert owner.events[1][:2] == ("chunk", "home/kettle")
    assert owner.events[-1] == ("oversize", 200)
    assert owner.sent() == [(PUBREC, b"\0\3")]


def test_a_topic_larger_than_the_buffer_is_skipped():
    for qos in (0, 1, 2):
        for payload in (b"", b"x", b"x" * 300):
            for size in (1, 7, 64):
                owner = _connected()
                stream = pub(b"t" * 150, payload, qos, 3) + pub(T, b"next")
                owner.feed(*[stream[i : i + size] for i in range(0, len(stream), size)])
                assert owner.events[-2:] == [
                    ("oversize", len(payload)),
                    ("home/kettle", b"next", 0, 0),
                ]
                whole = b"".join([e[2] for e in owner.events if e[0] == "chunk"])
                assert whole == payload
                assert owner.sent() == [[], [(PUBACK, b"\0\3")], [(PUBREC, b"\0\3")]][qos]


def test_what_the_protocol_forbids():
    for bad in (
        b"\xff\xff\xff\xff\xff",  # a remaining length without end
        b"\x30\xff\xff\xff\xff\x01",
        b"\x30\x00",  # PUBLISH of nothing
        b"\x30\x01\x00",
        b"\x30\x02\x00\x00",  # no topic
        b"\x30\x03\x00\x09a",  # a topic beyond the packet
        b"\x32\x03\x00\x01a",  # no packet id
        b"\x32\x05\x00\x01a\x00\x00",  # packet id 0
        b"\x36\x05\x00\x01a\x00\x01",  # QoS 3
        b"\x38\x03\x00\x01a",  # DUP at QoS 0
        b"\x34\xff\x01\x01\x00",  # large, and the topic is larger
        b"\x00\x00",
        b"\x10\x00",  # what only clients send
        b"\x82\x05\0\1\0\1a",
        b"\xa2\x02\0\1",
        b"\xc0\x00",
        b"\xe0\x00",
        b"\xf0\x00",
        b"\x41\x02\x00\x01",  # flags that must be 0
        b"\x60\x02\x00\x01",  # flags that must be 2
        b"\x72\x02\x00\x01",
        b"\xd1\x00",
        b"\x40\x00",
        b"\x40\x01\x01",
        b"\x40\x03\x00\x01\x00",
        b"\x40\x02\x00\x00",
        b"\x62\x02\x00\x00",
        b"\xd0\x01\x00",
        b"\xd0\x80\x80\x80\x80",
        b"\x40\xff\xff\x7f",  # 2 MB of acknowledgement
        b"\x90\xff\xff\x7f",
        CONNACK,  # the second one
    ):
        for size in (1, 64):
            owner = _connected()
            segments = [bad[i : i + size] for i in range(0, len(bad), size)]
            try:
                owner.feed(*segments)
            except ProtocolError as error:
                assert str(error)
            else:
                raise AssertionError("accepted %r" % bad)
            assert owner.events == [], bad


def test_answers_to_nothing_are_ignored():
    owner = _connected()
    owner.feed(ack(PUBACK, 9), ack(PUBCOMP, 9), b"\x90\x03\0\x09\0", b"\xb0\x02\0\x09", PINGRESP)
    assert owner.sent() == []
    # But these let the broker forget what it still keeps.
    owner.feed(ack(PUBREC, 9), ack(PUBREL, 9))
    assert owner.sent() == [(PUBREL, b"\0\x09"), (PUBCOMP, b"\0\x09")]
    assert owner.events == []


def test_any_bytes_are_accepted_or_refused():
    rand = Random(7)
    heads = (0x30, 0x32, 0x34, 0x3D, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0x20)
    for _ in range(400):
        owner = _connected()
        try:
            for _ in range(4):
                body = rand.bytes(rand.below(20))
                owner.feed(bytes([rand.choice(heads)]) + length(len(body)) + body)
        except LinkError:
            continue
        assert not owner.sock.incoming


def test_answers_wait_for_a_broker_that_does_not_read():
    owner = _connected(tx_size=104)
    owner.sock.take = 0
    owner.feed(pub(b"t", b"", 1, 1) * 40)
    assert owner.session.blocked
    delivered = len(owner.events)
    assert 20 < delivered < 40
    owner.sock.take = None
    while owner.session.blocked:
        assert owner.flush()
        owner.session.resume()
        owner.feed()
    assert len(owner.events) == 40
    assert len(owner.sent()) == 40


def test_a_handler_may_close():
    owner = _connected()

    def close(message):
        owner.session.closed()
        owner.rx.clear()

    owner.on_message = close
    owner.feed(pub(T, b"", 1, 1) + pub(T, b"", 1, 2))
    assert len(owner.events) == 1
    assert owner.sent() == []


def test_receiving_allocates_nothing():
    for qos in (0, 1, 2):
        owner = Counter()
        segment = pub(T, b"x" * 40, qos, 5)
        if qos == 2:
            segment += ack(PUBREL, 5)
        owner.sock.segment = segment
        no_alloc(owner.step)
        assert owner.messages == 101 or not owner.rx.end


def test_receiving_large_messages_allocates_nothing():
    owner = Counter()
    owner.sock = Ring(pub(T, b"x" * 200, 1, 5))
    no_alloc(owner.step, n=300)
    assert owner.oversized > 80


def test_receiving_other_topics_allocates_nothing():
    owner = Counter()
    owner.sock.segment = pub("茶/温度".encode(), b"90")
    no_alloc(owner.step)
    assert owner.messages == 101


def test_pings_allocate_nothing():
    owner = Counter()
    owner.sock.segment = PINGRESP

    def step():
        owner.session.tick(1)
        owner.step()

    no_alloc(step)
    assert owner.sock.written == 202
