"""motelink.losant_state: states sent without allocating."""

import json

from kit import MICROPYTHON, no_alloc, raises
from losant_kettle import COMMAND, Never, connected, device, states
from motelink.errors import ConfigError, TooLarge
from motelink.losant_state import StateWriter
from mqtt_kettle import IN
from mqtt_owner import PINGRESP, Ring, pub


def test_what_is_set_is_sent():
    made = connected(clock=Never())
    writer = StateWriter(made, "celsius", "door", "steps", "mode", 'na"me')
    assert writer.send() is False
    writer[0] = 21.5
    writer[1] = False
    assert writer.send() is True
    writer[0] = None
    writer[2] = -12345
    writer[3] = 'a "q"'
    writer[4] = 0
    assert writer.send() is True
    assert writer[2] == -12345
    first, second = states(made)
    assert first.rstrip() == b'{"data":{"celsius":21.5,"door":false}}'
    assert (
        second.rstrip() == b'{"data":{"door":false,"steps":-12345,"mode":"a \\"q\\"","na\\"me":0}}'
    )
    assert len(first) % 32 == len(second) % 32 == 0


def test_every_length_is_padded_with_spaces_alone():
    made = connected()
    writer = StateWriter(made, "a", size=128)
    for n in range(60):
        writer[0] = "x" * (60 - n)
        writer.send()
        (sent,) = states(made)
        text = b'{"data":{"a":"%s"}}' % (b"x" * (60 - n))
        assert sent[: len(text)] == text
        assert sent[len(text) :] == b" " * (-len(text) % 32), sent


def test_decimals():
    made = connected()
    for decimals in range(10):
        writer = StateWriter(made, ("a", decimals))
        for value in (0, 1, -1, 5, 10, -99, 100, 3297, -3297, 123456789, 1073741823, -1073741824):
            writer[0] = value
            writer.send()
            text = states(made)[0].rstrip()[13:-2].decode()
            sign = "-" if value < 0 else ""
            digits = str(abs(value))
            digits = "0" * (decimals + 1 - len(digits)) + digits
            at = len(digits) - decimals
            expected = sign + digits[:at] + ("." + digits[at:] if decimals else "")
            assert text == expected, (value, decimals, text, expected)
    writer = StateWriter(made, ("a", 3))
    for value, text in ((2.5, b"2.5"), (True, b"true"), ("5", b'"5"')):
        writer[0] = value
        writer.send()
        assert states(made)[0].rstrip() == b'{"data":{"a":' + text + b"}}"


def test_numbers_that_json_does_not_have():
    made = connected()
    writer = StateWriter(made, "a", "b", "c")
    writer[0] = float("nan")
    writer[1] = float("-inf")
    writer[2] = 1 << 70
    writer.send()
    expected = {"data": {"a": None, "b": None, "c": 1 << 70}}
    assert json.loads(states(made)[0]) == expected


def test_with_a_time():
    made = connected()
    writer = StateWriter(made, "a")
    writer[0] = 1
    for time_like in (1478288526710, 0):
        assert writer.send(time_like)
        assert json.loads(states(made)[0]) == {"data": {"a": 1}, "time": time_like}
    raises(TypeError, writer.send, "now")
    assert states(made) == []


def test_refusals():
    made = connected()
    for attributes in ((5,), (("a", 10),), (("a", 256),), (("a", -1),), ((5, 1),), (b"a",)):
        raises(ConfigError, StateWriter, made, *attributes)
    writer = StateWriter(made, "a", "b")
    raises(IndexError, writer.__setitem__, 2, 1)
    for value in ([1], {}, b"x", object()):
        writer[0] = value
        raises(TypeError, writer.send)
    writer[0] = "x" * 63
    raises(TooLarge, writer.send)
    writer[0] = 1 << 300
    raises(TooLarge, writer.send)
    writer[0] = 5
    assert writer.send()
    assert len(states(made)) == 1
    small = connected(tx_size=80)
    writer = StateWriter(small, "a", "b" * 40)
    writer[0] = writer[1] = 1
    raises(TooLarge, writer.send)
    assert small.is_connected()


def test_a_full_buffer_is_an_error_and_no_more():
    made = connected()
    for size in (1, 33, 64, 65, 96):
        writer = StateWriter(made, ("a", 9), "b", ("c", 9), size=size)
        for n in range(61):
            text = "x" * n
            writer[0] = 1
            writer[1] = text
            writer[2] = 1
            try:
                writer.send()
            except TooLarge:
                assert states(made) == []
                continue
            expected = b'{"data":{"a":0.000000001,"b":"%s","c":0.000000001}}' % text.encode()
            assert states(made)[0].rstrip() == expected
            assert len(expected) <= (size + 31) // 32 * 32
    writer[1] = None
    assert writer.send()


def test_not_connected():
    writer = StateWriter(device(), "a")
    writer[0] = 1
    assert writer.send() is False


class Sink:
    """A write that is always taken; it keeps the last."""

    def __init__(self):
        self.last = bytearray(256)

    def __call__(self, buf, at, n):
        if MICROPYTHON:
            for i in range(n):
                self.last[i] = buf[at + i]
        return n


def test_steady_state_allocates_nothing():
    made = connected(keepalive=1)
    told = []
    seen = bytearray(1)
    segment = pub(COMMAND, b'{"name":"on","payload":[1,2,3]}') + PINGRESP
    client = made.client
    client.sock = Ring(segment)
    client.sock.write = sink = Sink()

    def on_message(message):
        if message == b'{"name":"on","payload":[1,2,3]}':
            seen[0] ^= 1

    made.on_message = on_message
    writer = StateWriter(
        made, "celsius", "door", ("volts", 3), "mode", "a longer name for an attribute"
    )
    values = (21.5, -3.25, 1e-9, 1e30)

    def step():
        for i in range(4):
            writer[0] = values[i]
            writer[1] = i & 1 == 0
            writer[2] = i * 1000 - 7
            writer[3] = "open" if i & 1 else "closed"
            writer[4] = i
            if not writer.send():
                told.append("not sent")
        writer[4] = None
        writer[3] = None
        writer.send()
        writer.send()
        client.turn(0)
        client.ready(IN)

    no_alloc(step)
    assert told == []
    assert client.messages > 100, client.messages
    assert client.handler_errors == 0
    assert made.is_connected()
    if MICROPYTHON:
        assert b'"volts":2.993}}' in bytes(sink.last), bytes(sink.last)
