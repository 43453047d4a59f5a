"""Data to and from motelink.iottalk's features."""

import json

from iottalk_kettle import IDF_TOPIC, ODF_TOPIC, Kettle
from kit import no_alloc, raises
from motelink.errors import TooLarge
from motelink.iottalk_data import int_at, values
from mqtt_owner import PINGRESP, pub
from wire import Endless

HEAP = "256k"  # all of it is compiled there


def test_pushing():
    kettle = Kettle().begin()
    kettle.link(idf="Celsius-I")
    celsius = kettle.idf[0]
    for data, payload in (
        (23.5, b"[23.5]"),
        ([1, "x", None], b'[1, "x", null]'),
        ([float("nan"), float("-inf"), 2], b"[null, null, 2]"),
        ((1, 2), b"[[1, 2]]"),
        (None, b"[null]"),
        (True, b"[true]"),
    ):
        assert celsius.push(data)
        assert kettle.finish() == [(IDF_TOPIC, payload, 0, 0)]
    for number in (0, 7, -7, 10, 99, -100, 1073741823, -1073741824, 1 << 40):
        assert celsius.push_int(number)
        assert kettle.finish() == [(IDF_TOPIC, b"[%d]" % number, 0, 0)]
    for numbers in ([], [0], [-1, 0, 1], list(range(40))):
        assert celsius.push_ints(numbers)
        ((topic, payload, _, _),) = kettle.finish()
        assert topic == IDF_TOPIC
        assert json.loads(payload) == numbers
    raises(TooLarge, celsius.push_ints, [1] * 500)
    raises(TooLarge, celsius.push_int, 10**600)
    raises(TypeError, celsius.push_int, "1")
    assert celsius.push_int(3)
    assert kettle.finish() == [(IDF_TOPIC, b"[3]", 0, 0)]


def test_pushing_beside_publishing():
    kettle = Kettle().begin()
    kettle.link(idf="Celsius-I")
    celsius = kettle.idf[0]
    kettle.publish(b"a", b"1")
    kettle.publish(b"a", b"2")
    celsius.push_int(3)
    kettle.publish(b"a", b"4")
    kettle.publish(b"a", b"5")
    found = [(message[0], message[1]) for message in kettle.finish()]
    assert found == [(b"a", b"1"), (b"a", b"2"), (IDF_TOPIC, b"[3]"), (b"a", b"4"), (b"a", b"5")]


def test_a_socket_that_takes_nothing():
    kettle = Kettle().begin()
    kettle.link(idf="Celsius-I")
    kettle.sock.take = 10
    assert kettle.idf[0].push_int(1)
    assert not kettle.idf[0].push_int(2)
    kettle.sock.take = None
    assert kettle.idf[0].push_int(3)
    assert [message[1] for message in kettle.finish()] == [b"[1]", b"[3]"]


def test_data_reach_their_feature():
    kettle = Kettle().begin()
    got = []

    def on_data(message):
        got.append(values(message))
        raise RuntimeError("mine")

    kettle.odf[0].on_data = on_data
    kettle.get(pub(ODF_TOPIC, b"[1]"))
    assert got == []  # not linked
    kettle.link(odf="Heater-O")
    kettle.get(pub(ODF_TOPIC, b"[1, 2.5]"), pub(ODF_TOPIC, b"42", 2, 5), pub(b"other", b"[9]"))
    assert got == [[1, 2.5], [42]]
    assert kettle.handler_errors == 2
    kettle.get(pub(ODF_TOPIC, b"not json"))
    assert kettle.handler_errors == 3
    assert kettle.connected


def test_ints_in_a_message():
    for payload, index, value in (
        (b"[42]", 0, 42),
        (b"42", 0, 42),
        (b" [ -7 , 8.9,  0 ] ", 0, -7),
        (b" [ -7 , 8.9,  0 ] ", 1, 8),
        (b" [ -7 , 8.9,  0 ] ", 2, 0),
    ):
        assert int_at(payload, index) == value, payload
    for payload in (b"[null]", b'["1"]', b"[true]", b"[-]", b"[1e3]", b"[1x]", b"[[1e1]]"):
        raises(ValueError, int_at, payload)
    for payload, index in ((b"[1]", 1), (b"", 0), (b"[", 0), (b"[-", 0), (b"   ", 0)):
        raises((IndexError, ValueError), int_at, payload, index)


def test_steady_state_allocates_nothing():
    kettle = Kettle().begin()
    kettle.link(idf="Celsius-I")
    kettle.link(odf="Heater-O")
    celsius, heater = kettle.idf[0], kettle.odf[0]
    total = [0]

    def on_data(message):
        total[0] = int_at(message, 1)

    heater.on_data = on_data
    kettle.sock = Endless(pub(ODF_TOPIC, b"[1, -234]") + pub(ODF_TOPIC, b"[1, 55]", 2, 9))
    numbers = [-1, 22, 333]
    no_alloc(celsius.push_int, 23456)
    no_alloc(celsius.push_ints, numbers)
    no_alloc(kettle.ready, 1)
    assert total[0] == -234
    kettle.sock = Endless(PINGRESP)

    def wait():
        kettle._due(0)
        kettle.ready(1)

    no_alloc(wait, n=20)
    assert kettle.connected
    assert kettle.handler_errors == 0
