"""motelink.jsonw: right JSON, into fixed memory, without allocating."""

import json

from kit import MICROPYTHON, Random, no_alloc, raises
from motelink.buffer import Buffer
from motelink.errors import TooLarge
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


# Full, and wrong.


def test_too_large_takes_the_document_back():
    value = {"a": [1, 2.5, "x" * 20, {"b": None}], "é\n": chr(0xD800) + "z", "c": b"\x01\x02"}
    buffer, writer = _writer()
    writer.value(value)
    whole = _content(buffer)
    for size in range(4, len(whole) + 4):
        buffer, writer = _writer(size, b"abcd")
        raises(TooLarge, writer.value, value)
        assert _content(buffer) == b"abcd"
        assert writer.depth == 0
        writer.cancel()  # nothing is open: no harm
        assert _content(buffer) == b"abcd"
    buffer, writer = _writer(len(whole) + 4, b"abcd")
    writer.value(value)
    assert _content(buffer) == b"abcd" + whole


def test_too_large_float_takes_the_document_back():
    for size in range(24):
        buffer, writer = _writer(size)
        raises(TooLarge, writer.value, 1e22, 1)
        assert _content(buffer) == b""


def test_writer_works_on_after_too_large():
    buffer, writer = _writer(10)
    raises(TooLarge, writer.value, "x" * 20000)
    raises(TooLarge, writer.value, "\x01" * 8)
    writer.value("12345678")
    assert _content(buffer) == b'"12345678"'


def test_room_that_was_sent_is_used_again():
    buffer, writer = _writer(20, b"0123456789")
    buffer.start = 8
    writer.value(["abc", chr(0xD800)])
    assert _content(buffer) == b'89["abc","\\ud800"]'
    raises(TooLarge, writer.value, True)
    assert _content(buffer) == b'89["abc","\\ud800"]'


def test_what_was_sent_meanwhile_is_not_taken_back():
    buffer, writer = _writer(30, b"0123456789")
    buffer.start = 4
    writer.object()
    writer.cancel()
    assert _content(buffer) == b"456789"


def test_calls_out_of_order():
    for calls in (
        ("end",),
        ("key",),
        ("object", "value"),
        ("object", "array"),
        ("object", "key", "key"),
        ("object", "key", "end"),
        ("object", "key", "value", "value"),
        ("array", "key"),
    ):
        buffer, writer = _writer(before=b"kept")
        for call in calls[:-1]:
            _call(writer, call)
        raises(ValueError, _call, writer, calls[-1])
        assert _content(buffer) == b"kept", calls
        writer.value(1)
        assert _content(buffer) == b"kept1", calls


def _call(writer, name):
    if name == "key":
        writer.key("k")
    elif name == "value":
        writer.value(1)
    else:
        getattr(writer, name)()


def test_nesting_is_bounded():
    buffer = Buffer(100)
    writer = JsonWriter(buffer, nesting=2)
    writer.value([[1], [2]])
    raises(ValueError, writer.value, [[[1]]])
    assert _content(buffer) == b"[[1],[2]]"


def test_what_json_does_not_have():
    buffer, writer = _writer()
    for value in ({1}, object(), bytearray(2), {1: 2}, [1j]):
        raises((TypeError, ValueError), writer.value, value)
        assert _content(buffer) == b""


def test_bytes_that_are_not_utf8():
    buffer, writer = _writer(before=b"kept")
    for wrong in (
        b"\x80",
        b"a\xff",
        b"\xc3",
        b"\xc3(",
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xe2\x82",
    ):
        raises(ValueError, writer.value, wrong)
        raises(ValueError, writer.value, ["x", wrong])
        assert _content(buffer) == b"kept", wrong


def test_cancel():
    buffer, writer = _writer(before=b"kept")
    writer.object()
    writer.key("a")
    writer.cancel()
    assert _content(buffer) == b"kept"
    writer.value(1)
    assert _content(buffer) == b"kept1"


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


# Memory.


def test_allocates_nothing():
    buffer, writer = _writer(600)
    values = (
        ("text", 'é"\\\n' * 20),
        ("long", "x" * 200),
        ("surrogates", chr(0xD83D) + "z" + chr(0xDE00)),
        ("bytes", b"payload \xc3\xa9"),
        ("int", (1 << 30) - 1),
        ("negative", 1 - (1 << 30)),
        ("true", True),
        ("none", None),
        ("nan", float("nan")),
        ("list", [1, "two", 3.0, [None]]),
        ("dict", {"a": 1, "b": {"c": 2.5}}),
    )

    def write(name, value):
        buffer.clear()
        writer.object()
        writer.pair(name, value)
        writer.end()

    for name, value in values:
        no_alloc(write, name, value, n=3)


def test_floats_allocate_nothing():
    buffer, writer = _writer()

    def write(value, decimals):
        buffer.clear()
        writer.value(value, decimals)

    for value in (21.53, -0.00012, 1.5e18, 99999.999, 0.0):
        for decimals in (None, 0, 1, 6):
            no_alloc(write, value, decimals, n=3)


def test_compacting_the_buffer_allocates_nothing():
    buffer, writer = _writer(100, b"x" * 90)

    def write(value):
        buffer.start = buffer.end - 3
        writer.value(value)

    no_alloc(write, "0123456789" * 4)


def test_large_ints_allocate_their_digits():
    _, writer = _writer()
    if MICROPYTHON:
        raises(MemoryError, no_alloc, writer.value, 1 << 70)


def test_texts_that_do_not_fit_leave_no_memory_behind():
    if not MICROPYTHON:
        return
    import gc

    _, writer = _writer(3000)  # larger than the others here: they share the text buffer
    text = "\x01" * 2900
    gc.collect()
    before = gc.mem_alloc()
    for _ in range(5):
        raises(TooLarge, writer.value, text)
    gc.collect()
    assert gc.mem_alloc() - before < 300, gc.mem_alloc() - before
