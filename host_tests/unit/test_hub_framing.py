"""The three dialects on the server's side, sans-I/O, with bytes cut and merged at every place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motelink.errors import ProtocolError
from motelink_tools.hub.manager.framing import (
    DIALECTS,
    MAX_MESSAGE,
    Beat,
    Expect,
    Info,
    Message,
)

UUID = b"1862cfe1-5dab-4d8e-a946-50d6728f830f"
INFO = UUID + b'##light##{"room": "beat ##"}'
NEW_INFO = UUID + b'##light##{"room": "attic"}'


def length(*messages):
    return b"".join(len(body).to_bytes(2, "big") + body for body in messages)


def identified(name, answer):
    """A dialect whose device has answered the first getinfo with these bytes."""
    dialect = DIALECTS[name]()
    assert list(dialect.feed(answer)) == [Info(INFO)]
    dialect.uuid = UUID
    return dialect


def raw():
    return identified("raw", INFO)


def terminated():
    return identified("terminated", INFO + b"\xff")


def segmented():
    """A device of the terminated dialect that ends nothing with FF."""
    return identified("terminated", INFO)


def with_length():
    return identified("length", length(INFO))


def feed(dialect, *pieces, expect=Expect.NOTHING):
    dialect.expect = expect
    return [event for piece in pieces for event in dialect.feed(piece)]


def text(events):
    """The application bytes of events, which the raw dialect may cut differently."""
    return b"".join(event.body for event in events if isinstance(event, Message))


def messages(*bodies):
    return [Message(body) for body in bodies]


# -- what the server says ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "getinfo", "heart", "end", "hello"),
    [
        ("raw", b"\x01", b"\x02", b"end\n", b"hello"),
        ("terminated", b"\x01\xff", b"\x02\xff", b"\x03\xff", b"hello\xff"),
        ("length", b"\x00\x01\x01", b"\x00\x01\x02", b"\x00\x01\x03", b"\x00\x05hello"),
    ],
)
def test_the_servers_words(name, getinfo, heart, end, hello):
    dialect = DIALECTS[name]
    assert (dialect.getinfo, dialect.heart, dialect.end) == (getinfo, heart, end)
    assert dialect.encode(b"hello") == hello


def test_what_a_dialect_cannot_carry_is_refused():
    with pytest.raises(ValueError, match="FF"):
        DIALECTS["terminated"].encode(b"a\xffb")
    with pytest.raises(ValueError, match="65535 bytes, got 65536"):
        DIALECTS["length"].encode(bytes(65536))
    assert DIALECTS["length"].encode(bytes(65535))[:2] == b"\xff\xff"


# -- cut anywhere ------------------------------------------------------------------------------

STREAMS = [
    ("length", length(INFO, b"one", b"", b"\x00\x02"), messages(b"one", b"", b"\x00\x02")),
    ("terminated", INFO + b"\xffone\xff\xfftwo \x02\xff", messages(b"one", b"two \x02")),
]


@pytest.mark.parametrize(("name", "stream", "expected"), STREAMS)
def test_info_and_messages_cut_at_every_place(name, stream, expected):
    for cut in range(len(stream) + 1):
        dialect = DIALECTS[name]()
        events = [*dialect.feed(stream[:cut]), *dialect.feed(stream[cut:])]
        assert events == [Info(INFO), *expected]
    dialect = DIALECTS[name]()
    assert [e for byte in stream for e in dialect.feed(bytes([byte]))] == [Info(INFO), *expected]


def test_raw_info_and_a_message_cut_at_every_place():
    stream = INFO + b"one"
    for cut in range(len(stream) + 1):
        dialect = DIALECTS["raw"]()
        events = [*dialect.feed(stream[:cut]), *dialect.feed(stream[cut:])]
        assert events[0] == Info(INFO)
        assert text(events) == b"one"


@pytest.mark.parametrize(
    ("device", "stream"),
    [
        (raw, b"beat"),
        (raw, b"beathello"),
        (raw, b"hellobeat"),
        (terminated, b"\x02"),
        (terminated, b"\x02\xff"),
        (terminated, b"\x02hello\xff"),
        (terminated, b"hello\xff\x02"),
        (terminated, b"hello\xff\x02\xff"),
        (segmented, b"\x02"),
        (segmented, b"\x02\xff"),
        (segmented, b"hello\x02"),
        (segmented, b"\x02hello"),
        (with_length, length(b"\x02")),
        (with_length, length(b"hello", b"\x02")),
        (with_length, length(b"\x02", b"hello")),
    ],
)
def test_the_answer_to_a_heartbeat_cut_at_every_place(device, stream):
    for cut in range(len(stream) + 1):
        dialect = device()
        events = feed(dialect, stream[:cut], stream[cut:], expect=Expect.BEAT)
        assert events.count(Beat()) == 1
        assert dialect.expect is Expect.NOTHING
        assert text(events) == (b"hello" if b"hello" in stream else b"")


@pytest.mark.parametrize("device", [raw, terminated, segmented, with_length])
def test_a_new_info_among_messages(device):
    encode = DIALECTS[device().name].encode
    end = b"" if device is segmented else None
    pieces = [body if end == b"" else encode(body) for body in (b"before", NEW_INFO, b"after")]
    for cut in range(len(pieces[1]) + 1):
        dialect = device()
        first, second = pieces[1][:cut], pieces[1][cut:]
        events = feed(dialect, pieces[0], first, second, expect=Expect.INFO)
        events += feed(dialect, pieces[2])
        assert [e for e in events if isinstance(e, Info)] == [Info(NEW_INFO)]
        assert text(events) == b"beforeafter"
    events = feed(device(), b"".join(pieces), expect=Expect.INFO)
    assert Info(NEW_INFO) in events
    assert text(events) == b"beforeafter"


# -- what only looks like an answer ------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "stream", "body"),
    [
        (raw, b"beat", b"beat"),
        (raw, INFO, INFO),
        (terminated, b"\x02\xff", b"\x02"),
        (terminated, INFO + b"\xff", INFO),
        (segmented, b"\x02", b"\x02"),
        (with_length, length(b"\x02"), b"\x02"),
        (with_length, length(INFO), INFO),
    ],
)
def test_without_a_question_it_is_data(device, stream, body):
    assert feed(device(), stream) == messages(body)


@pytest.mark.parametrize(
    ("device", "stream", "body"),
    [
        (terminated, b"on \x02 off\xff", b"on \x02 off"),
        (with_length, length(b"\x02\x02"), b"\x02\x02"),
        (with_length, length(b"beat"), b"beat"),
        (raw, b"b e a t", b"b e a t"),
    ],
)
def test_a_message_is_not_taken_for_the_answer(device, stream, body):
    dialect = device()
    assert text([*feed(dialect, stream, expect=Expect.BEAT), *dialect.finish()]) == body
    assert dialect.expect is Expect.BEAT


@pytest.mark.parametrize("device", [raw, terminated, segmented, with_length])
def test_an_answer_that_is_no_info_is_handed_on_to_be_refused(device):
    bad = UUID + b"##light##[]"
    stream = {raw: bad, segmented: bad, terminated: bad + b"\xff", with_length: length(bad)}
    assert feed(device(), stream[device], expect=Expect.INFO) == [Info(bad)]


# -- raw: segments are messages ----------------------------------------------------------------


def test_raw_segments_stay_messages():
    assert feed(raw(), b"one", b"two") == messages(b"one", b"two")


def test_raw_segments_stay_messages_though_one_might_begin_the_answer():
    dialect = raw()
    events = feed(dialect, b"web", b"tube", b"a", b"x", b"beat", expect=Expect.BEAT)
    assert events == [*messages(b"web", b"tube", b"a", b"x"), Beat()]


def test_raw_holds_no_more_than_may_begin_the_answer():
    dialect = raw()
    events = feed(dialect, *[b"b"] * 1000, expect=Expect.BEAT)
    assert len(events) == 999
    assert list(dialect.finish()) == messages(b"b")


def test_raw_prefers_the_answer_at_the_edges():
    dialect = raw()
    assert feed(dialect, b"beat the beat", expect=Expect.BEAT) == [Beat(), *messages(b" the beat")]
    assert feed(dialect, b"a beat, beat", expect=Expect.BEAT) == [*messages(b"a beat, "), Beat()]


def test_what_was_held_comes_out_when_the_question_is_gone():
    dialect = raw()
    assert feed(dialect, b"crab", expect=Expect.BEAT) == []
    assert feed(dialect, b"cake") == messages(b"crab", b"cake")


# -- bounds ------------------------------------------------------------------------------------


def test_a_terminated_message_is_bounded():
    dialect = terminated()
    with pytest.raises(ProtocolError, match="FF within 65536 bytes"):
        feed(dialect, *[bytes(4096)] * (MAX_MESSAGE // 4096 + 1))


def test_what_came_before_the_violation_is_still_delivered():
    dialect = terminated()
    events = dialect.feed(b"whole\xff" + bytes(MAX_MESSAGE + 1))
    assert next(events) == Message(b"whole")
    with pytest.raises(ProtocolError):
        next(events)


INTERESTING = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"beat", b"b", b"\x02", b"\xff", b"\x00\x01\x02", UUID, b"##", INFO, b"{"]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(DIALECTS)),
    st.lists(st.tuples(INTERESTING, st.sampled_from(Expect)), max_size=30),
)
def test_any_bytes_are_decoded_or_refused(name, pieces):
    """Nothing but the documented error, every byte at most once, and answers only when asked."""
    dialect = DIALECTS[name]()
    fed, seen = 0, 0
    for piece, expect in pieces:
        if dialect.uuid:
            dialect.expect = expect
        fed += len(piece)
        try:
            events = list(dialect.feed(piece))
        except ProtocolError:
            return
        for event in events:
            assert not isinstance(event, Beat) or dialect.uuid
            seen += len(getattr(event, "body", b""))
            if isinstance(event, Info):
                dialect.uuid = UUID
        assert seen <= fed


@settings(deadline=None)
@given(st.sampled_from(["terminated", "length"]), st.lists(st.binary()), st.data())
def test_messages_arrive_whole_however_they_are_cut(name, bodies, draw):
    if name == "terminated":
        bodies = [body.replace(b"\xff", b"") for body in bodies]
        bodies = [body for body in bodies if body]
    stream = b"".join(map(DIALECTS[name].encode, bodies))
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    dialect = {"terminated": terminated, "length": with_length}[name]()
    assert feed(dialect, *pieces) == messages(*bodies)
