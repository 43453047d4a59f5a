"""motelink.buffer: fixed bytes, and the view of a message in them."""

from kit import MICROPYTHON, Random, no_alloc, raises
from motelink.buffer import Buffer, Message
from motelink.errors import TooLarge


def _content(buffer):
    return bytes(buffer.data[buffer.start : buffer.end])


def test_empty():
    buffer = Buffer(10)
    assert (len(buffer), buffer.room(), buffer.limit) == (0, 10, 10)


def test_put_and_consume():
    buffer = Buffer(10)
    buffer.put(b"hello")
    buffer.put_byte(33)
    assert _content(buffer) == b"hello!"
    assert (len(buffer), buffer.room()) == (6, 4)
    buffer.start += 2
    assert _content(buffer) == b"llo!"
    assert (len(buffer), buffer.room()) == (4, 6)
    buffer.clear()
    assert (len(buffer), buffer.room()) == (0, 10)


def test_what_was_consumed_makes_room():
    buffer = Buffer(10)
    buffer.put(b"0123456789")
    buffer.start = 6
    buffer.put(b"abcdef")
    assert _content(buffer) == b"6789abcdef"
    buffer.start += 1
    buffer.put_byte(120)
    assert _content(buffer) == b"789abcdefx"


def test_full():
    buffer = Buffer(10)
    buffer.put(b"01234567")
    error = raises(TooLarge, buffer.put, b"abc")
    assert str(error) == "8 bytes and 3 more, in a buffer of 10"
    assert _content(buffer) == b"01234567"
    buffer.put(b"89")
    raises(TooLarge, buffer.put_byte, 1)
    raises(TooLarge, buffer.put, b"x")
    raises(TooLarge, buffer.make_room, 1)
    assert _content(buffer) == b"0123456789"
    buffer.put(b"")


def test_any_use():
    random = Random(51)
    for _ in range(20):
        buffer = Buffer(1 + random.below(200))
        model = b""
        for _ in range(60):
            data = random.bytes(random.below(80))
            try:
                buffer.put(data)
                model += data
            except TooLarge:
                assert len(model) + len(data) > buffer.limit
            eaten = random.below(len(buffer) + 1)
            buffer.start += eaten
            model = model[eaten:]
            if random.below(5) == 0:
                buffer.make_room(0)
                assert buffer.start == 0
            assert _content(buffer) == model
            assert (len(buffer), buffer.room()) == (len(model), buffer.limit - len(model))


def test_buffer_allocates_nothing():
    buffer = Buffer(300)
    data = bytes(range(100))

    def use():
        buffer.put(data)
        buffer.put(data)
        buffer.put_byte(7)
        buffer.start += 150
        buffer.put(data)
        buffer.put(data)  # moves
        buffer.clear()

    no_alloc(use)


def _message(content):
    message = Message(bytearray(b"before" + content + b"after"))
    message.start = 6
    message.end = 6 + len(content)
    return message


def test_message_reads_like_bytes():
    message = _message(b"hello")
    assert len(message) == 5
    assert [message[i] for i in range(5)] == list(b"hello")
    assert list(message) == list(b"hello")
    raises(IndexError, lambda: message[5])
    raises(IndexError, lambda: message[-1])


def test_message_equality():
    message = _message(b"hello")
    for equal in (b"hello", bytearray(b"hello"), memoryview(b"hello"), "hello"):
        assert message == equal
    for other in (b"hell", b"hello!", b"help!", b"", b"Hello", "hell", "hello!", ""):
        assert message != other
    assert _message(b"") == b"" and _message(b"") == ""
    assert _message(b"\xc3\xa9") == "\xe9" and _message(b"\xff") != "\xff"  # UTF-8, and none
    for other in (None, 5, object()):
        assert message != other, other


def test_message_contents():
    message = _message(b"hello")
    assert message.payload() == b"hello"
    assert message.bytes() == b"hello"
    assert type(message.bytes()) is bytes
    assert message.text() == "hello"
    assert _message("Grüße".encode()).text() == "Grüße"
    assert _message(b'{"a": [1, null]}').json() == {"a": [1, None]}
    assert _message(b"-125").int() == -125


def test_message_that_is_not_what_was_asked_for():
    raises(ValueError, _message(b"\xff\xfe").text)
    raises(ValueError, _message(b"1.5").int)
    raises(ValueError, _message(b"").int)
    raises(ValueError, _message(b"{}x").json)
    raises(ValueError, _message(b"on").json)
    raises(ValueError, _message(b"").json)


def test_empty_message():
    message = _message(b"")
    assert len(message) == 0
    assert message.bytes() == b""
    assert message.text() == ""


def test_message_delivery_allocates_nothing():
    message = _message(b"on")
    on = b"on"

    def look():
        assert message == on
        assert message[0] + message[1] + len(message) == 223

    no_alloc(look)
    if MICROPYTHON:
        raises(MemoryError, no_alloc, message.bytes)
