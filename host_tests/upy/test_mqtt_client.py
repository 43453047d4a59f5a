"""motelink.mqtt's client, with a socket and a loop in memory: no network, no clock."""

from kit import no_alloc, raises
from motelink.errors import AuthError, ConfigError, ConnectionLost, ProtocolError, TimedOut
from motelink.mqtt import Client, prepared
from mqtt_kettle import IN, OUT, Kettle, T
from mqtt_owner import CONNACK, PINGRESP, PUBACK, PUBREC, Ring, ack, pub


def test_connect_packet():
    kettle = Kettle(clean=False, keepalive=300)
    kettle.turn(0)
    kettle.ready(OUT)
    assert kettle.sock.writes == 1
    assert kettle.sent() == [(0x10, b"\0\4MQTT\4\x00\x01\x2c\0\6kettle")]
    kettle = Kettle(
        user="me", password=b"\xffsecret", will=("home/gone", "bye", 2, True), keepalive=0
    )
    kettle.turn(0)
    kettle.ready(OUT)
    assert kettle.sent() == [
        (0x10, b"\0\4MQTT\4\xf6\0\0\0\6kettle\0\x09home/gone\0\3bye\0\2me\0\7\xffsecret")
    ]


def test_another_will_from_the_next_connection_on():
    kettle = Kettle(keepalive=5).begin()
    kettle.introduce("kettle", will=("gone", b"2", 0, False))
    raises(ConfigError, kettle.introduce, "kettle", password="alone")
    raises(ConfigError, kettle.introduce, "k" * 600)
    kettle.reconnect()
    kettle.turn(0)
    kettle.ready(OUT)
    assert kettle.sent() == [(0x10, b"\0\4MQTT\4\x06\0\x05\0\6kettle\0\4gone\0\0012")]


def test_what_cannot_be_is_refused_at_once():
    for options in (
        {"keepalive": 65536},
        {"keepalive": -1},
        {"password": "x"},
        {"will": ("a/#", b"", 0, False)},
        {"will": ("a", b"", 3, False)},
        {"user": "a\0"},
        {"user": 5},
        {"tx_size": 200, "slot_size": 201},
        {"tx_size": 19, "slot_size": 19},
        {"rx_size": 8},
        {"port": 70000},
    ):
        error = raises(ConfigError, Kettle, **options)
        assert "secret" not in str(error)
    raises(ConfigError, Client, "127.0.0.1", "", clean=False)
    raises(ConfigError, Client, "", "kettle")
    kettle = Kettle()
    for filters in ("", [], "a/#/b", "a+", "a\0", ["a", "#b"], "a" * 600):
        raises(ValueError, kettle.subscribe, filters)
    raises(ValueError, kettle.subscribe, "a", 3)


def test_a_life():
    kettle = Kettle()
    kettle.subscribe(["home/set", "#"], 1)
    assert not kettle.connected
    assert not kettle.publish("home/kettle", b"x")
    kettle.begin()
    assert kettle.connected
    assert not kettle.present
    assert kettle.heard == ["connect"]
    ((kind, body),) = kettle.sent()
    assert (kind, body[2:]) == (0x82, b"\0\x08home/set\1\0\1#\1")
    kettle.get(b"\x90\4" + body[:2] + b"\1\x80")
    assert kettle.heard[1:] == [("home/set", 1), ("#", 128)]
    assert kettle.publish("home/kettle", "on", 1, True)
    assert kettle.in_flight == 1
    ((kind, body),) = kettle.sent()
    assert kind == 0x33
    kettle.get(ack(PUBACK, body[13] << 8 | body[14]))
    assert kettle.in_flight == 0
    kettle.end()
    assert kettle.heard[3:] == [None]
    assert not kettle.connected


def test_end_says_goodbye():
    kettle = Kettle().begin()
    wire = kettle.sock
    kettle.end()
    assert wire.sent == b"\xe0\0"
    assert wire.closed


def test_messages_reach_the_handler():
    kettle = Kettle().begin()
    got = []

    def on_message(message):
        got.append((message.topic == T, message.int(), message.qos, message.retain))
        if message == b"5":
            raise RuntimeError("mine")

    kettle.on_message = on_message
    kettle.get(pub(T, b"4", 1, 9, retain=1) + pub(T, b"5", 2, 10) + pub(T, b"6"))
    assert got == [(True, 4, 1, 1), (True, 5, 2, 0), (True, 6, 0, 0)]
    assert kettle.sent() == [(PUBACK, b"\0\x09"), (PUBREC, b"\0\x0a")]
    assert (kettle.messages, kettle.handler_errors) == (3, 1)


def test_a_handler_may_publish_subscribe_and_reconnect():
    kettle = Kettle().begin()

    def echo(message):
        assert kettle.publish(T, b"echo")
        kettle.subscribe("more")

    kettle.on_message = echo
    kettle.get(pub(T, b"x", 1, 9) + pub(T, b"x", 1, 10))
    assert [kind for kind, _ in kettle.sent()] == [0x30, 0x82, PUBACK, 0x30, PUBACK]
    kettle.on_message = lambda message: kettle.reconnect()
    kettle.get(pub(T, b"x", 1, 11))
    assert not kettle.connected
    assert kettle.heard == ["connect", None]
    kettle.begin(CONNACK)
    assert kettle.connected


def test_subscribing_again_replaces():
    kettle = Kettle()
    kettle.subscribe(["a", "b"], 0)
    kettle.subscribe(["b", "c"], 2)
    kettle.subscribe("d")
    kettle.unsubscribe("d")
    kettle.begin()
    sent = []
    for _ in range(3):
        for kind, body in kettle.sent():
            sent.append((kind, body[2:]))
            kettle.get(
                b"\x90"
                + bytes([2 + body.count(b"\0\1")])
                + body[:2]
                + b"\0\0"[: body.count(b"\0\1")]
            )
    assert sent == [(0x82, b"\0\1a\0"), (0x82, b"\0\1b\2\0\1c\2")]


def test_refused_credentials_are_final():
    kettle = Kettle()
    kettle.begin(b"\x20\2\0\5")
    assert isinstance(kettle.last_error, AuthError)
    assert kettle.loop is None
    kettle = Kettle()
    kettle.begin(b"\x20\2\0\3")
    assert isinstance(kettle.last_error, ConnectionLost)
    assert kettle.loop
    kettle.begin(CONNACK)
    assert kettle.connected


def test_deadlines():
    kettle = Kettle(keepalive=2, answer_ms=5000)
    kettle.turn(0)
    kettle.ready(OUT)
    raises(TimedOut, kettle.turn, 0)
    kettle.failed(TimedOut("no CONNACK"))
    kettle.begin()
    for _ in range(3):
        kettle.turn(0)
        assert kettle.deadline == 1500
        assert kettle.sent() == [(0xC0, b"")]
        kettle.get(PINGRESP)
    kettle.turn(0)
    raises(TimedOut, kettle.turn, 0)


def test_keepalive_is_kept_at_its_pace():
    kettle = Kettle(keepalive=60, answer_ms=10000).begin()
    for _ in range(2):
        for _ in range(3):
            kettle.turn(0)
            assert kettle.deadline == 10000
            assert kettle.sent() == []
        kettle.turn(0)
        assert kettle.sent() == [(0xC0, b"")]
        kettle.get(PINGRESP)


def test_a_large_message_is_told():
    kettle = Kettle(rx_size=64).begin()
    told = []
    kettle.on_chunk = lambda message, at, total: told.append((message.bytes(), at, total))
    kettle.on_oversize = told.append
    kettle.get(pub(T, b"x" * 100, 1, 5))
    assert b"".join([piece[0] for piece in told[:-1]]) == b"x" * 100
    assert told[-1] == 100
    assert kettle.oversized == 1
    assert kettle.sent() == [(PUBACK, b"\0\5")]


def test_prepared_topics():
    assert prepared("a/b") == b"a/b"
    kettle = Kettle().begin()
    topic = prepared("home/kettle")
    kettle.publish(topic, b"x")
    assert kettle.sent() == [(0x30, b"\0\x0bhome/kettlex")]


def test_steady_state_allocates_nothing():
    kettle = Taken().begin()
    kettle.sock = Ring(pub(T, b"x" * 40) + pub(T, b"x" * 40, 1, 5) + PINGRESP)
    count = [0]

    def on_message(message):
        if message.topic == T and len(message) == 40:
            count[0] += 1
            kettle.publish(T, b"answer")

    def step():
        for _ in range(3):
            kettle.ready(IN)
        kettle.turn(0)

    kettle.on_message = on_message
    no_alloc(step)
    assert count[0] > 300, count


class Taken(Kettle):
    """Its sockets take what is written, and keep nothing of it."""

    def open(self, address):
        super().open(address)
        self.sock.write = lambda buf, at, n: n


def test_a_filter_with_wildcards_makes_no_topic():
    for bad in (b"home/+", b"#"):
        kettle = Kettle()
        kettle.subscribe(["home/+", "#", "home/kettle"])
        kettle.begin()
        kettle.get(pub(T, b"on"))
        assert kettle.messages == 1
        kettle.get(pub(bad, b"on"))
        assert isinstance(kettle.last_error, ProtocolError) and kettle.messages == 1


def test_topics_that_were_left_take_no_memory():
    kettle = Kettle()
    for number in range(50):
        kettle.subscribe("home/%d" % number)
        kettle.subscribe("home/%d" % number, 1)
        kettle.unsubscribe("home/%d" % number)
    assert not kettle._session.topics
