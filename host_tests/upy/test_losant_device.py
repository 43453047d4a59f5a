"""motelink.losant's Device, with a socket and a loop in memory: no network, no clock."""

import json

from doubles import Instead
from kit import MICROPYTHON, raises
from losant_kettle import COMMAND, Never, begin, command, connected, device, states
from motelink import log, losant, port
from motelink.clock import Clock
from motelink.errors import AuthError, ConfigError, TooLarge
from motelink.losant import Device
from mqtt_kettle import OUT, Loop
from mqtt_owner import packets, pub

HEAP = "256k"  # for the deepest command

log.set_level("off")


def heard(made):
    """What observers of every event are told from now on."""
    events = []
    for name in ("connect", "reconnect", "close"):
        made.add_event_observer(name, lambda device, name=name: events.append((name, device)))
    made.add_event_observer("command", lambda device, command: events.append((command, device)))
    return events


def test_the_first_packet():
    made = device()
    made.client.turn(0)
    made.client.ready(OUT)
    hello = b"\0\4MQTT\4\xc2\0\x0f\0\x08575ecf88\0\x0dmy-access-key\0\x10my-access-secret"
    assert packets(made.client.sock.sent) == [(0x10, hello)]


def test_where_it_connects_to():
    made = Device("575ecf88", "key", "secret", False)
    assert (made.client.host, made.client.port) == ("broker.losant.com", 1883)
    made = Device("575ecf88", "key", "secret", secure=object())
    assert made.client.port == 8883
    made = Device("575ecf88", "key", "secret", False, host="127.0.0.1", port=1884, keepalive=30)
    assert (made.client.host, made.client.port) == ("127.0.0.1", 1884)
    assert made.client.keepalive == 30


def test_tls_is_verified_by_default():
    if MICROPYTHON:
        assert "ca=" in str(raises(ConfigError, Device, "575ecf88", "key", "secret"))
    else:
        made = Device("575ecf88", "key", "secret")
        assert made.client.tls.check_hostname
        assert made.client.tls.verify_mode == 2  # CERT_REQUIRED


def test_what_cannot_be_is_refused():
    for device_id in ("", None, b"575ecf88", "a/b", "a+", "#", "a\0"):
        raises(ConfigError, Device, device_id, "key", "secret", False)
    error = raises(ConfigError, Device, "575ecf88", "key", "secret", False, "udp")
    assert "udp" in str(error)
    error = raises(ConfigError, Device, "575ecf88", b"key", 5, False)
    assert "key" not in str(error)


def test_events():
    made = device()
    events = heard(made)
    assert made.is_connected() is False
    begin(made)
    assert made.is_connected() is True
    made.client.reconnect()
    assert made.is_connected() is False
    begin(made)
    made.close()
    made.close()
    assert events == [("connect", made), ("reconnect", made), ("close", made)], events
    assert made.is_connected() is False


def test_observers_come_and_go():
    made = connected()
    told = []

    def once(device, command):
        device.remove_event_observer("command", once)
        told.append("once")

    def always(device, command):
        told.append("always")

    made.add_event_observer("command", once)
    made.add_event_observer("command", always)
    command(made, b'{"name": "x"}')
    command(made, b'{"name": "x"}')
    assert told == ["once", "always", "always"]
    raises(ValueError, made.remove_event_observer, "command", once)
    raises(KeyError, made.add_event_observer, "commands", always)
    raises(KeyError, made.remove_event_observer, "commands", always)


def test_an_observer_that_raises_harms_nobody():
    made = connected()

    def broken(device, command):
        raise RuntimeError("mine")

    made.add_event_observer("command", broken)
    events = heard(made)
    command(made, b'{"name": "x"}')
    assert len(events) == 1
    assert made.client.handler_errors == 1
    assert made.malformed == 0
    assert made.is_connected()


def test_commands_are_decoded():
    made = connected()
    events = heard(made)
    command(
        made,
        b'{"name": "go", "payload": {"a": [1, {"$undefined": true}, {"$date": '
        b'"2016-11-04T19:42:06.710Z"}]}, "time": {"$date": "2016-11-04T21:42:06.710+02:00"}}',
    )
    ((found, _),) = events
    assert found["name"] == "go"
    assert found["payload"]["a"][:2] == [1, None]
    when = found["time"]
    assert found["payload"]["a"][2] == when
    if MICROPYTHON:
        assert when == 1478288526710
    else:
        assert when.isoformat() == "2016-11-04T19:42:06.710000+00:00"
    # And what a command brings, a state takes.
    made.send_state({}, when)
    assert json.loads(states(made)[0])["time"] == 1478288526710


def test_what_is_no_command_is_counted():
    made = connected()
    events = heard(made)
    command(made, b"")
    assert made.malformed == 0
    wrong = (b"nonsense", b"5", b"[1]", b'{"$undefined": 1}', b"\xff", b'{"a": {"$date": 1.5}}')
    for payload in wrong:
        command(made, payload)
    assert made.malformed == len(wrong), made.malformed
    assert events == []
    command(made, b'{"name": "go"}')
    assert events == [({"name": "go"}, made)]
    assert made.client.handler_errors == 0
    assert made.is_connected()


def test_a_command_too_deep_is_counted():
    made = connected(rx_size=8192)
    events = heard(made)
    command(made, b'{"a":' * 1000 + b"1" + b"}" * 1000)
    assert len(events) + made.malformed == 1
    assert made.is_connected()


def test_a_command_too_large_is_skipped():
    made = connected(rx_size=100)
    events = heard(made)
    sizes = []
    made.client.on_oversize = sizes.append
    command(made, b'{"name": "%s"}' % (b"x" * 200))
    command(made, b'{"name": "go"}')
    assert sizes == [212]
    assert made.client.oversized == 1
    assert events == [({"name": "go"}, made)]


def test_raw_messages():
    made = connected()
    events = heard(made)
    raw = []
    made.on_message = lambda message: raw.append((message.topic == COMMAND, message.bytes()))
    command(made, b"nonsense")
    made.client.get(pub(b"my/topic", b'{"name": "not a command"}'))
    assert raw == [(True, b"nonsense"), (False, b'{"name": "not a command"}')]
    assert made.malformed == 1
    assert events == []


def test_the_commands_refused_is_reported():
    made = device()
    made.client.begin()
    ((_, body),) = made.client.sent()
    made.client.get(b"\x90\3" + body[:2] + b"\x80")
    assert made.client.handler_errors == 1


def test_states():
    made = connected(clock=Never())
    value = {"a": 1, "b": -21.5, "c": True, "d": None, "e": 'té"\n', "f": [1, (2,), {"g": False}]}
    assert made.send_state(value) is True
    assert made.send_state({"n": [float("nan"), float("inf"), 1e-7]}) is True
    first, second = states(made)
    value["f"][1] = [2]
    assert json.loads(first) == {"data": value}, first
    assert json.loads(second)["data"]["n"][:2] == [None, None]
    assert 0.99e-7 < json.loads(second)["data"]["n"][2] < 1.01e-7


def test_what_json_does_not_have_is_refused():
    made = connected()
    for state in ({"a": object()}, {"a": b"bytes"}, {1: 2}, {"a": {"b": {5}}}, [1], None):
        raises(TypeError, made.send_state, state)
    raises(TypeError, made.send_state, {}, "yesterday")
    assert states(made) == []


def test_times_of_states():
    clock = Clock(ticks=lambda: 0, rtc=lambda: 0)
    made = connected(clock=clock)
    made.send_state({"a": 1})
    made.send_state({"a": 1}, 5)
    made.send_state({"a": 1}, 0)
    clock.set(1767225600, 710)
    made.send_state({"a": 1})
    made.send_state({"a": 1}, 1478288526711)
    found = [json.loads(state).get("time") for state in states(made)]
    assert found == [None, 5, 0, 1767225600710, 1478288526711], found


def test_the_clock_of_the_board():
    made = connected()
    before = int(port.unix_time())
    made.send_state({"a": 1})
    time = json.loads(states(made)[0])["time"]
    assert before * 1000 <= time < (port.unix_time() + 1) * 1000


def test_a_state_too_large():
    made = connected(clock=Never(), tx_size=100)
    most = 100 - 7 - 21  # of a payload, beside the header and the topic
    text = "x" * (most - len('{"data":{"a": ""}}'))
    assert made.send_state({"a": text})
    assert len(states(made)[0]) == most
    raises(TooLarge, made.send_state, {"a": text + "x"})
    assert states(made) == []
    assert made.is_connected()


def test_the_platforms_limit():
    if MICROPYTHON:
        return  # not in a board's heap
    made = connected(clock=Never(), tx_size=300000)
    text = "x" * (262144 - len('{"data":{"a": ""}}'))
    assert made.send_state({"a": text})
    made.client.sent = None
    raises(TooLarge, made.send_state, {"a": text + "x"})


def test_a_state_needs_a_connection():
    made = device()
    assert made.send_state({"a": 1}) is False
    begin(made)
    assert made.send_state({"a": 1}) is True
    made.client.sock.take = 0
    made.send_state({"a": 2})
    assert made.send_state({"a": 3}) is False
    made.close()
    assert made.send_state({"a": 1}) is False


def test_wrong_credentials_are_final():
    for code in (1, 2, 4, 5):
        made = device()
        loop = made.client.loop
        loop.remove = loop.clients.remove
        made.client.begin(b"\x20\2\0" + bytes([code]))
        error = raises(AuthError, made.loop, 0)
        assert error.code == code
        assert "my-access" not in str(error)
        assert not made.is_connected()
    made = device()
    made.client.begin(b"\x20\2\0\3")
    assert not made.client.last_error.final


class Still(Loop):
    """A loop that waits for nothing."""

    def __init__(self):
        super().__init__()
        self.clients = []

    def add(self, client):
        client.loop = self
        self.clients.append(client)

    def step(self, ms):
        """Nothing happens."""


def test_connecting_again_after_wrong_credentials():
    made = device()
    made.client.loop.clients.clear()
    with Instead(losant, "Loop", Still):
        made.connect(blocking=False)
        made.client.last_error = AuthError("refused")
        made.client.loop.clients.clear()
        raises(AuthError, made.loop)
        made.connect(blocking=False)
        made.loop()
        before = made.client.loop
        made.connect(blocking=False)
        made.connect()  # it runs already
        assert made.client.loop is before


def test_loop_is_not_for_blocking_mode():
    made = device()
    refused = []

    class Busy(Still):
        def run(self):
            refused.append(raises(ConfigError, made.loop))

    made.client.loop.clients.clear()
    with Instead(losant, "Loop", Busy):
        made.connect()
    assert "blocking" in str(refused[0])
    made.loop()
