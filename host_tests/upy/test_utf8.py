"""motelink.utf8: what it takes and what it refuses."""

from kit import no_alloc
from motelink.utf8 import is_utf8

GOOD = (b"", b"a", b"\xc2\x80", b"\xdf\xbf", b"\xe0\xa0\x80", b"\xed\x9f\xbf", b"\xee\x80\x80")
GOOD += (b"\xef\xbf\xbf", b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbf", b"gr\xc3\xbc\xc3\x9fe")
BAD = (
    b"\x80",
    b"\xbf",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
)
BAD += (b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff", b"\xc2a")


def test_takes_what_is_utf8():
    for data in GOOD:
        assert is_utf8(data, 0, len(data)), data


def test_refuses_what_is_not():
    for data in BAD:
        assert not is_utf8(data, 0, len(data)), data
        assert not is_utf8(b"ok" + data, 0, len(data) + 2), data


def test_refuses_a_character_that_is_cut():
    for data in GOOD[2:]:
        text = bytearray(data)
        while text and text[-1] < 0xC2 and text[-1] > 0x7F:
            text = text[:-1]
            assert not is_utf8(text, 0, len(text)), data


def test_looks_only_at_its_range():
    assert is_utf8(b"\xffabc\xff", 1, 4)
    assert not is_utf8(b"\xffabc\xff", 1, 5)


def test_allocates_nothing():
    no_alloc(is_utf8, b"gr\xc3\xbc\xc3\x9fe \xf0\x9f\x98\x80", 0, 12)
