"""motelink.jsonw: right JSON, whatever the value."""

import json

from kit import Random, raises
from motelink.buffer import Buffer
from motelink.jsonw import JsonWriter


def _writer(size=400, before=b""):
    buffer = Buffer(size)
    buffer.put(before)
    return buffer, JsonWriter(buffer)


def _content(buffer):
    return bytes(buffer.data[buffer.start : buffer.end])


def _written(value, decimals=None):
    buffer, writer = _writer()
    writer.value(value, decimals)
    return _content(buffer).decode()


# What is written.


def test_scalars():
    for value, text in (
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1, "-1"),
        ((1 << 30) - 1, "1073741823"),
        (-(1 << 62), "-4611686018427387904"),
        (2.5, "2.5"),
        ("", '""'),
        ("kettle", '"kettle"'),
        (b"kettle", '"kettle"'),
    ):
        assert _written(value) == text, value


def test_escapes():
    assert _written('a"b\\c/') == '"a\\"b\\\\c/"'
    assert _written("\n\r\t") == '"\\n\\r\\t"'
    for code in range(32):
        text = _written("<" + chr(code) + ">")
        assert min([ord(c) for c in text]) >= 32, text
        assert json.loads(text) == "<" + chr(code) + ">", text
    assert _written(b"\x00\x1f\x7f") == '"\\u0000\\u001f\x7f"'


def test_other_scripts_pass_through_as_utf8():
    for text in ("é", "€", "日本語", "😀", "mixed é 日 😀 end"):
        assert _written(text) == '"' + text + '"'
        assert _written(text.encode()) == '"' + text + '"'


def test_surrogates_are_escaped():
    # json.loads of MicroPython makes two of each emoji that was escaped.
    lone = chr(0xD800)
    assert _written("a" + lone + "b") == '"a\\ud800b"'
    assert _written(chr(0xD83D) + chr(0xDE00)) == '"\\ud83d\\ude00"'
    assert _written(chr(0xDFFF) + "é" + chr(0xDABC)) == '"\\udfffé\\udabc"'
    assert _written("\ud7ff") == '"\ud7ff"'  # begins with the same byte, but is none


def test_objects_and_arrays():
    buffer, w = _writer()
    w.object()
    w.pair("a", 1)
    w.key("b")
    w.array()
    w.value(1)
    w.array()
    w.end()
    w.object()
    w.end()
    w.value("x")
    w.end()
    w.key("c")
    w.object()
    w.pair("d", None)
    w.pair("e", 1.25, 1)
    w.end()
    assert w.depth == 1
    w.end()
    assert w.depth == 0
    assert _content(buffer) == b'{"a":1,"b":[1,[],{},"x"],"c":{"d":null,"e":1.3}}'


def test_values_of_python():
    assert _written([1, ["a", ()], {"b": [True, {}]}]) == '[1,["a",[]],{"b":[true,{}]}]'


def test_documents_follow_each_other():
    buffer, w = _writer(before=b"uuid##type##")
    w.value({"a": 1})
    w.value(2)
    w.array()
    w.end()
    assert _content(buffer) == b'uuid##type##{"a":1}2[]'


# Floats.


def test_floats_with_fixed_decimals():
    for value, decimals, text in (
        (21.53, 1, "21.5"),
        (21.55, 1, "21.6"),
        (2.675, 2, "2.68"),
        (0.5, 0, "1"),
        (-0.5, 0, "-1"),
        (0.4, 0, "0"),
        (-0.4, 0, "0"),
        (-0.004, 2, "0.00"),
        (-0.005, 2, "-0.01"),
        (9.96, 1, "10.0"),
        (99999.5, 0, "100000"),
        (0.0, 3, "0.000"),
        (-0.0, 1, "0.0"),
        (1.0, 17, "1.00000000000000000"),
        (3.0, 2, "3.00"),
        (0.00006, 4, "0.0001"),
        (0.00004, 4, "0.0000"),
        (0.00006, 9, "0.000060000"),
        (1e-30, 5, "0.00000"),
        (1e-05, 5, "0.00001"),
        (1e22, 1, "10000000000000000000000.0"),
        (-1.5e18, 0, "-1500000000000000000"),
        (123456.5, 3, "123456.500"),
        (0.0001220703125, 13, "0.0001220703125"),
    ):
        found = _written(value, decimals)
        assert found == text, (value, decimals, found)


def test_random_floats_are_rounded_to_their_decimals():
    random = Random(17)
    for _ in range(300):
        value = (random.bits(30) - (1 << 29)) / 10.0 ** random.below(12)
        decimals = random.below(6)
        text = _written(value, decimals)
        assert len(text.partition(".")[2]) == decimals, text
        assert abs(float(text) - value) <= 0.5001 / 10**decimals + abs(value) * 1e-14, text


def test_floats_as_they_are():
    random = Random(23)
    for _ in range(300):
        value = (random.bits(30) - (1 << 29)) * 10.0 ** (random.below(40) - 20)
        assert abs(json.loads(_written(value)) - value) <= abs(value) * 1e-14, value


def test_what_is_no_number_is_null():
    for value in (float("nan"), float("inf"), float("-inf")):
        assert _written(value) == "null"
        assert _written(value, 2) == "null"


def test_decimals_are_for_floats_alone():
    assert _written(3, 2) == "3"
    assert _written(True, 2) == "true"
    for decimals in (-1, 18):
        raises(ValueError, _written, 1.0, decimals)


# Whatever the value.


def _any_value(random, depth):
    kind = random.below(9 if depth else 7)
    if kind == 0:
        return random.choice((None, True, False))
    if kind == 1:
        return random.bits(random.below(31)) - (1 << 20)
    if kind == 2:
        return (random.bits(30) - (1 << 29)) << random.below(60)
    if kind == 3:
        return (random.bits(20) - (1 << 19)) / 64.0
    if kind < 7:
        return _any_text(random)
    count = random.below(4)
    if kind == 7:
        return [_any_value(random, depth - 1) for _ in range(count)]
    return {_any_text(random): _any_value(random, depth - 1) for _ in range(count)}


def _any_text(random):
    ranges = ((0, 32), (32, 96), (32, 96), (128, 1920), (2048, 30000), (0x1F300, 700))
    text = ""
    for _ in range(random.below(10)):
        first, count = random.choice(ranges)
        text += chr(first + random.below(count))
    return text


def test_random_values_come_back():
    random = Random(31)
    buffer = Buffer(2000)
    writer = JsonWriter(buffer)
    for _ in range(400):
        value = _any_value(random, 3)
        buffer.clear()
        writer.value(value)
        assert json.loads(_content(buffer)) == value, value
