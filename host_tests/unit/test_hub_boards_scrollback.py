"""The scrollback of a board on the hub: bounded, and whoever reads on misses nothing of it."""

from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.hub.app.boards.scrollback import CHARACTERS, Scrollback


@given(st.text(), st.lists(st.integers(0, 40), max_size=20))
def test_text_in_any_pieces_is_read_piece_by_piece(text, cuts):
    data = text.encode(errors="replace")
    scrollback, read, count, start = Scrollback(), "", 0, 0
    for cut in (*cuts, len(data)):
        scrollback.add(data[start : start + cut])
        start += cut
        more, count = scrollback.after(count)
        read += more
    assert read == data.decode()
    assert count == len(read)


@given(st.lists(st.integers(0, 3 * CHARACTERS), min_size=1, max_size=6), st.integers(0, 10))
def test_it_is_bounded_and_keeps_the_last(sizes, back):
    scrollback, everything = Scrollback(), ""
    for number, size in enumerate(sizes):
        text = chr(97 + number) * size
        scrollback.add(text.encode())
        everything += text[-CHARACTERS:]
    text, count = scrollback.after(0)
    assert len(text) <= 2 * CHARACTERS
    assert len(text) >= min(len(everything), CHARACTERS)
    assert everything.endswith(text)
    assert scrollback.after(count) == ("", count)
    assert (
        scrollback.after(max(0, count - back))[0]
        == everything[len(everything) - min(back, count) :]
    )


def test_what_is_no_utf8_does_not_end_it():
    scrollback = Scrollback()
    scrollback.add(b"a\xff\xc3")
    scrollback.add(b"\xa9!")
    assert scrollback.after(0)[0] == "a\ufffd\u00e9!"
