"""The device's framings against the host's own codecs: what one writes, the other reads."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motelink.errors import ProtocolError
from motelink.manager_info import info
from motelink_tools.hub.manager.framing import (
    DIALECTS,
    Beat,
    Decoded,
    Dialect,
    Expect,
    Info,
    Message,
)
from motelink_tools.hub.manager.info import parse_info
from owner import Ended, Owner

UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
BOUNDED = ("terminated", "length")
SIZE = 300

payloads = st.binary(max_size=SIZE) | st.sampled_from([b"\x01", b"\x02", b"\x03", b"beat", b"end"])
cuts = st.lists(st.integers(0, 2000), max_size=8)


def _pieces(stream: bytes, where: list[int]) -> Iterator[bytes]:
    joints = sorted({at for at in where if 0 < at < len(stream)})
    for start, end in zip([0, *joints], [*joints, len(stream)], strict=True):
        yield stream[start:end]


def _decode(dialect: Dialect, stream: bytes, where: list[int]) -> list[Decoded]:
    found = [event for piece in _pieces(stream, where) for event in dialect.feed(piece)]
    return [*found, *dialect.finish()]


def _carried(device: Owner, payload: bytes) -> bool:
    try:
        device.framing.check(payload)
    except ValueError:
        return False
    return True


def _device(name: str) -> Owner:
    return Owner(name, rx_size=SIZE + 4, tx_size=8 * SIZE, info=info(UUID, "kettle", {}, 256))


@pytest.mark.parametrize("name", BOUNDED)
@given(messages=st.lists(payloads, max_size=6), where=cuts)
def test_the_server_reads_what_a_device_says(
    name: str, messages: list[bytes], where: list[int]
) -> None:
    device = _device(name)
    device.feed(DIALECTS[name].getinfo)
    sent = []
    for message in messages:
        if _carried(device, message) and message:
            device.framing.put(message)
            sent.append(Message(message))
    server = DIALECTS[name]()
    info_event, *others = _decode(server, device.sent(), where)
    assert isinstance(info_event, Info)
    assert parse_info(info_event.body, ["kettle"]).get() == {
        "uuid": UUID,
        "type": "kettle",
        "data": {},
    }
    assert others == sent


@pytest.mark.parametrize("name", BOUNDED)
@given(messages=st.lists(payloads, max_size=6), where=cuts)
def test_a_device_reads_what_the_server_says(
    name: str, messages: list[bytes], where: list[int]
) -> None:
    kind = DIALECTS[name]
    stream, expected = kind.getinfo, [("command", 1)]
    for message in messages:
        if message in (b"\x01", b"\x02", b"\x03") or (name == "terminated" and b"\xff" in message):
            continue  # the server's own commands, and what it cannot encode
        stream += kind.encode(message) + kind.heart
        expected.append(("message", message))
    device = _device(name)
    device.feed(*_pieces(stream, where))
    assert device.events == expected
    assert device.beats == len(expected) - 1


@pytest.mark.parametrize("name", sorted(DIALECTS))
@given(message=payloads.filter(bool), joined=st.booleans())
def test_the_server_finds_the_beat_among_messages(name: str, message: bytes, joined: bool) -> None:
    device = _device(name)
    if not _carried(device, message) or (name == "raw" and b"beat" in message):
        return
    server = DIALECTS[name]()
    device.feed(server.getinfo)
    assert len(list(server.feed(device.sent()))) == 1
    device.feed(server.heart)
    server.expect = Expect.BEAT
    beat = device.sent()
    device.framing.put(message)
    words = device.sent()
    segments = [beat + words] if joined else [beat, words]
    assert [event for piece in segments for event in server.feed(piece)] == [
        Beat(),
        Message(message),
    ]


@given(message=st.text(min_size=1, max_size=SIZE // 4))
def test_text_in_raw_segments_arrives_both_ways(message: str) -> None:
    body = message.encode()
    device = _device("raw")
    server = DIALECTS["raw"]()
    device.feed(server.getinfo)
    list(server.feed(device.sent()))
    if body != b"beat":
        device.framing.put(body)
        assert list(server.feed(device.sent())) == [Message(body)]
    if body[0] in (1, 2) or body[-1] in (1, 2) or body == b"end\n":
        return
    device.feed(server.encode(body))
    if device.framing.held:
        device.framing.release()
    assert device.events[1:] == [("message", body)]


@settings(max_examples=300)
@pytest.mark.parametrize("name", sorted(DIALECTS))
@given(segments=st.lists(st.binary(min_size=1, max_size=80), max_size=8))
def test_a_device_reads_any_bytes(name: str, segments: list[bytes]) -> None:
    device = Owner(name, rx_size=24, tx_size=4096)
    try:
        device.feed(*segments)
    except Ended:
        assert device.events[-1] == ("command", 3)
    else:
        assert not device.sock.incoming
        assert len(device.rx) < device.rx.limit


@settings(max_examples=300)
@pytest.mark.parametrize("name", sorted(DIALECTS))
@given(segments=st.lists(st.binary(min_size=1, max_size=80), max_size=8), asked=st.booleans())
def test_the_server_reads_any_bytes(name: str, segments: list[bytes], asked: bool) -> None:
    server = DIALECTS[name]()
    for segment in segments:
        try:
            list(server.feed(segment))
        except ProtocolError:
            return
        if asked and server.expect is Expect.NOTHING:
            server.expect = Expect.BEAT
