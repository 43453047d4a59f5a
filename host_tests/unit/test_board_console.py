"""The serial console as a machine of its own: bytes in, texts and requests out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.board.console import Console, Run, SoftReset, State
from motelink_tools.board.editor import goes_on

CONTROLS = b"\x01\x02\x03\x04\x05\x08\x09\x0a\x0d\x1b\x7f[ADCHF~3()':\\ "


def drive(pieces):
    """Play a board: run every request at once. Everything that was said, and what was asked."""
    console = Console("MicroPython v1.25.0; a board")
    console.greet()
    requests = []
    for piece in pieces:
        left = piece
        while left:
            left = console.receive(left)
            if isinstance(console.request, Run):
                requests.append(console.request)
                console.finished(b"", leaves=False)
            elif isinstance(console.request, SoftReset):
                requests.append("soft reset")
                console.request = None
                console.greet()
    return bytes(console.out), requests, console.state


@given(st.lists(st.sampled_from(CONTROLS), max_size=200), st.lists(st.integers(0, 200)))
def test_it_does_not_matter_where_the_line_cuts_the_bytes(codes, cuts):
    data = bytes(codes)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in pairwise(edges)]
    assert drive(pieces) == drive([data])


@given(st.binary(max_size=300))
def test_any_bytes_leave_a_console_that_ctrl_c_and_ctrl_b_bring_back(data):
    said, requests, state = drive([data, b"\x03\x03\x02", b"\r7\r"])
    assert state is State.FRIENDLY
    assert requests[-1] == Run(b"7", single=True)
    assert said.endswith(b">>> ")


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        (b"ac\x1b[Db\r", b"abc"),  # left
        (b"abd\x02\x7fc\r", b"abc"),  # Ctrl-B is no letter, backspace
        (b"bc\x01a\r", b"abc"),  # Ctrl-A: start of line
        (b"bc\x1b[Ha\x1b[Fd\r", b"abcd"),  # Home, End
        (b"xabc\x1b[1~\x1b[3~\r", b"abc"),  # Delete
        (b"xabc\x01\x04\r", b"abc"),  # Ctrl-D in a line deletes
        (b"a\tb\r", b"a    b"),
        (b"abc\n", b"abc"),
        (b"a\x1b[99zb\r", b"ab"),  # a key that is not known
    ],
)
def test_line_editing(typed, source):
    assert drive([typed])[1] == [Run(source, single=True)]


def test_history_recalls_lines_and_comes_back_to_an_empty_one():
    _, requests, _ = drive([b"one\r", b"two\r", b"\x1b[A\x1b[A\r", b"\x1b[A\x1b[B3\r"])
    assert [request.source for request in requests] == [b"one", b"two", b"one", b"3"]


def test_enter_as_two_bytes_is_one():
    assert drive([b"1\r\n2\r\n"])[0].count(b">>> ") == 3


@pytest.mark.parametrize(
    "text",
    [
        "if x:",
        "@decorator",
        "async def f():",
        "f(",
        "x = [1,",
        "'''a",
        '"""a\n',
        "a + \\",
        "{'a': [",
    ],
)
def test_statements_that_go_on(text):
    assert goes_on(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1",
        "f()",
        "iffy(1)",
        "'('",
        "'it''s'",
        "if x:\n  y\n",
        "'open",
        "f('(",
        "'''a'''",
        "'\\''",
    ],
)
def test_statements_that_are_complete_or_beyond_mending(text):
    assert not goes_on(text)


def test_an_exception_that_leaves_asks_for_a_soft_reset_in_raw_mode():
    console = Console("")
    console.receive(b"\x01")
    console.receive(b"x\x04")
    console.out.clear()
    console.finished(b"", leaves=True)
    assert bytes(console.out) == b"\x04\x04MPY: soft reboot\r\n"
    assert isinstance(console.request, SoftReset)
    assert console.raw
