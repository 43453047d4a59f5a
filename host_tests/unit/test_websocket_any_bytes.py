"""motelink.websocket_frames: any bytes, cut anywhere, are accepted or refused as they must be."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motelink.errors import ConnectionLost, LinkError
from websocket_peer import BINARY, CLOSE, CONT, PING, PONG, TEXT, Owner, frame, sent

_payloads = st.binary(max_size=400)
_kinds = st.sampled_from((CONT, TEXT, BINARY, PING, PONG, CLOSE))
_frames = st.builds(frame, _kinds, _payloads, st.booleans())


def _outcome(data: bytes, cuts: list[int], quick: bool = True) -> tuple[list[object], str]:
    """What was heard, pieces put together, and what was raised."""
    owner = Owner(200, tx_size=1 << 16, quick=quick)
    raised = ""
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    try:
        for begin, end in pairwise(edges):
            owner.get(data[begin:end])
    except LinkError as error:
        raised = f"{type(error).__name__} {error}"
        assert owner.frames.state == 0
    heard: list[object] = []
    large = b""
    for item in owner.heard:
        if isinstance(item, tuple):
            assert item[0] == len(large)
            large += item[1]
            if item[2]:
                heard.append(large)
                large = b""
        else:
            heard.append(item)
    for _, last, _ in owner.sent():
        assert last
    return heard, raised


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_any_bytes(data: bytes, cuts: list[int]) -> None:
    assert _outcome(data, cuts) == _outcome(data, [], quick=False)


@settings(max_examples=300)
@given(st.lists(_frames, max_size=6), st.lists(st.integers(0, 2000)))
def test_any_frames(frames: list[bytes], cuts: list[int]) -> None:
    data = b"".join(frames)
    assert _outcome(data, cuts) == _outcome(data, [], quick=False)


@given(st.text(max_size=150), st.lists(st.integers(0, 400)), st.lists(st.integers(0, 999)))
def test_any_text_in_any_fragments(text: str, at: list[int], cuts: list[int]) -> None:
    data = text.encode()
    edges = sorted({0, *(edge % (len(data) + 1) for edge in at)})
    parts = [data[a:b] for a, b in zip(edges, [*edges[1:], len(data)], strict=True)]
    wire = b""
    for i, part in enumerate(parts):
        wire += frame(CONT if i else TEXT, part, i == len(parts) - 1) + frame(PING, part[:9])
    heard, raised = _outcome(wire, cuts)
    assert not raised
    assert heard == [text if len(data) <= 200 else data]


@given(st.binary(max_size=120))
def test_text_is_what_python_takes_for_utf8(data: bytes) -> None:
    try:
        expected: list[object] = [data.decode()]
    except UnicodeDecodeError:
        expected = []
    heard, raised = _outcome(frame(TEXT, data), [])
    assert (heard, bool(raised)) == (expected, not expected)


@given(st.lists(st.tuples(st.sampled_from((TEXT, BINARY)), _payloads), max_size=5))
def test_what_is_sent_can_be_read(messages: list[tuple[int, bytes]]) -> None:
    owner = Owner(tx_size=4000)
    for kind, payload in messages:
        assert owner.frames.put(kind, payload)
    owner.flush()
    assert sent(owner.wire) == [(kind, True, payload) for kind, payload in messages]


@given(st.integers(0, 65535), st.binary(max_size=123))
def test_any_close(code: int, reason: bytes) -> None:
    owner = Owner()
    with pytest.raises(LinkError) as raised:
        owner.get(frame(CLOSE, code.to_bytes(2, "big") + reason))
    said = getattr(raised.value, "code", None)
    assert said == code if isinstance(raised.value, ConnectionLost) else said in (1002, 1007)
    assert owner.frames.state == 0
    assert len(owner.sent()) == 1
