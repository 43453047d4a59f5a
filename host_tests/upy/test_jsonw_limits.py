"""motelink.jsonw: full buffers, wrong calls, and no allocation."""

from kit import MICROPYTHON, no_alloc, raises
from motelink.buffer import Buffer
from motelink.errors import TooLarge
from motelink.jsonw import JsonWriter


def _writer(size=400, before=b""):
    buffer = Buffer(size)
    buffer.put(before)
    return buffer, JsonWriter(buffer)


def _content(buffer):
    return bytes(buffer.data[buffer.start : buffer.end])


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
