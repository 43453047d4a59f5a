"""motelink.websocket_frames: what no server may send, cut anywhere, ends the connection with the
right code (RFC 6455 section 7.4).
"""

from kit import raises
from motelink.errors import ProtocolError, TooLarge
from websocket_peer import BINARY, CLOSE, CONT, PING, PONG, TEXT, Owner, closed, frame

HEAP = "3m"  # for what the other end of the line has in mind


def _failure(data, code, kind=ProtocolError, **options):
    for step in (0, 1, 3):
        owner = Owner(**options)
        error = raises(kind, owner.get, data, step)
        assert owner.frames.state == 0
        said = owner.sent()
        assert said[-1] == (CLOSE, True, bytes([code >> 8, code & 255])), (code, said)
        assert error.code == code
        assert not owner.frames.put(TEXT, b"more")
    return owner


def test_reserved_opcodes():
    for kind in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        _failure(frame(kind, b"abc"), 1002)
        _failure(frame(kind), 1002)


def test_reserved_bits():
    for bits in range(0x10, 0x80, 0x10):
        for kind in (TEXT, BINARY, PING, PONG, CLOSE):
            _failure(frame(kind | bits, b"abc"), 1002)
        _failure(frame(TEXT, b"a", False) + frame(CONT | bits, b"abc"), 1002)


def test_masked_frame():
    for n in (0, 1, 125, 126, 127):
        for kind in (TEXT, BINARY, CLOSE, PING, PONG):
            _failure(bytes([kind | 0x80, n | 0x80]) + b"\0" * 14, 1002)


def test_control_frame_rules():
    for kind in (CLOSE, PING, PONG):
        _failure(frame(kind, b"x" * 126), 1002)
        _failure(frame(kind, b"x", False), 1002)
        _failure(frame(kind, b"xx", length=3), 1002)


def test_continuation_rules():
    _failure(frame(CONT, b"of nothing"), 1002)
    _failure(frame(CONT, b"of nothing", False), 1002)
    _failure(frame(TEXT, b"a") + frame(CONT, b"b"), 1002)
    _failure(frame(TEXT, b"a", False) + frame(TEXT, b"b"), 1002)
    _failure(frame(TEXT, b"", False) + frame(BINARY, b"b"), 1002)
    _failure(frame(BINARY, b"x" * 400, False) + frame(BINARY, b"b"), 1002)


def test_lengths_longer_than_they_need():
    for n in (0, 1, 125):
        _failure(frame(TEXT, b"x" * n, length=3), 1002)
    for n in (0, 125, 126, 300):
        _failure(frame(TEXT, b"x" * n, length=9), 1002)


def test_absurd_lengths():
    _failure(b"\x82\x7f\x80" + b"\0" * 7, 1002)
    for first in range(7):
        size = bytearray(8)
        size[first] = 0x20 if first == 4 else 1
        if first < 5:
            _failure(b"\x82\x7f" + bytes(size), 1009, TooLarge)


NOT_UTF8 = (
    b"\x80 \xbf \xc0\x80 \xc1\xbf \xc3 \xe2\x82 \xf0\x9f\x98 \xe0\x80\x80 \xe0\x9f\xbf "
    b"\xed\xa0\x80 \xed\xbf\xbf \xef\xbf \xf0\x80\x80\x80 \xf0\x8f\xbf\xbf \xf4\x90\x80\x80 "
    b"\xf5\x80\x80\x80 \xf8\x88\x80\x80\x80 \xfc\x84\x80\x80\x80\x80 "
    b"\xfe \xff \xc3\xc3 \xc3A \xe2A\xac \xe2\x82A \xf0\x9f\x98A \xce\xba\xe1\xbd\xb9\xed\xa0"
).split(b" ")


def test_text_must_be_utf8():
    for bad in NOT_UTF8:
        for before in (b"", b"plain ", "κόσμε".encode(), b"x" * 100):
            text = before + bad
            _failure(frame(TEXT, text), 1007)
            _failure(frame(TEXT, text, False) + frame(CONT), 1007)
            _failure(frame(TEXT, text[:-1], False) + frame(CONT, text[-1:]), 1007)
            _failure(frame(TEXT, b"x" * 400 + text), 1007)
            assert Owner().get(frame(BINARY, text)).heard == [text]


def test_short_text_that_is_no_utf8_at_one_byte():
    for before in (b"", frame(TEXT, b"x"), frame(TEXT, b"x" * 64), frame(BINARY, b"\xff" * 70)):
        for n in (1, 2, 31, 62, 63, 64, 65, 128, 129):
            for at in {0, 1, n // 2, n - 1} if n > 2 else {0}:
                bad = b"a" * at + b"\x80" + b"a" * (n - at - 1)
                _failure(before + frame(TEXT, bad), 1007)


def test_message_larger_than_the_buffer_refused():
    _failure(frame(TEXT, b"x" * 301), 1009, TooLarge, refuse=True)
    data = frame(TEXT, b"x" * 300, False) + frame(CONT, b"y")
    _failure(data, 1009, TooLarge, refuse=True)
    assert Owner(refuse=True).get(frame(TEXT, b"x" * 300)).heard == ["x" * 300]


def test_close_that_is_none():
    _failure(frame(CLOSE, b"\x03"), 1002)
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        _failure(closed(code), 1002)
    _failure(closed(1000, b"\xce\xba\xed\xa0\x80"), 1007)
