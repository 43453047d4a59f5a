"""The answer to getinfo: where it ends, what it says, and every way in which it is not one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motelink.errors import ProtocolError
from motelink.manager_wire import MAX_INFO
from motelink_tools.hub.manager.info import Data, InfoScanner, InvalidInfo, parse_info

UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"
TYPES = ("light", "lock")

OBJECTS = [
    '{ "key_1": "data_1", "key_2": "data_2" }',
    "{}",
    ' \t\r\n{"a": {"b": {}}, "c": [{}, {}]}',
    '{"hash": "a##b##c", "#": 1}',
    r'{"brace": "}", "quote": "\"}", "slash": "\\", "u": "\u007d"}',
    '{"é": "ü€😀"}',
]


def info(data="{}", uuid=UUID, kind="light"):
    return f"{uuid}##{kind}##{data}".encode()


@pytest.mark.parametrize("data", OBJECTS)
def test_what_it_says(data):
    found = parse_info(info(data), TYPES)
    assert found.get() == {"uuid": UUID, "type": "light", "data": json.loads(data)}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "0 '##'"),
        (UUID.encode(), "0 '##'"),
        (f"{UUID}##light".encode(), "1 '##'"),
        (info(uuid=UUID[:-1]), "36 printable characters, got 35"),
        (info(uuid=UUID + "0"), "36 printable characters, got 37"),
        (info(uuid=UUID[:-1] + "\n"), "36 printable characters"),
        (info(kind="toaster"), "'toaster' .* is not one of: light, lock"),
        (info(kind=""), "'' .* is not one of"),
        (info(data=""), "not JSON"),
        (info(data="{'a': 1}"), "not JSON"),
        (info(data='{"a": NaN}'), "not JSON"),
        (info(data="[]"), "not an object"),
        (info(data="null"), "not an object"),
        (info(data='{"a":' + "[" * 60_000), "not JSON"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_what_is_not_one(body, complaint):
    with pytest.raises(InvalidInfo, match=complaint):
        parse_info(body, TYPES)


def test_a_refusal_does_not_quote_the_data():
    with pytest.raises(InvalidInfo) as refusal:
        parse_info(info(data='{"password": "hunter2"'), TYPES)
    assert "hunter2" not in str(refusal.value)


def test_data_is_built_as_documented():
    data = Data(client_uuid=UUID, client_type="lock", client_data={"a": 1})
    assert (data.uuid, data.type, data.data) == (UUID, "lock", {"a": 1})


def scan(pieces):
    """The body and the rest, once the scanner is satisfied; None if it wants more."""
    scanner = InfoScanner()
    pieces = list(pieces)
    while pieces:
        whole, rest = scanner.feed(pieces.pop(0))
        if whole:
            return scanner.body, rest + b"".join(pieces)
    return None


@pytest.mark.parametrize("data", OBJECTS)
def test_the_end_is_found_wherever_tcp_cuts(data):
    stream = info(data) + b"beat}"
    for cut in range(len(stream) + 1):
        assert scan([stream[:cut], stream[cut:]]) == (info(data), b"beat}")
    assert scan(bytes([byte]) for byte in stream) == (info(data), b"beat}")


@settings(deadline=None)
@given(
    st.dictionaries(st.text(), st.recursive(st.text() | st.integers(), st.lists), max_size=5),
    st.binary(max_size=10),
    st.data(),
)
def test_the_end_of_any_object_is_found(value, behind, draw):
    body = info(json.dumps(value, ensure_ascii=draw.draw(st.booleans())))
    stream = body + behind
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert scan(pieces) == (body, behind)


@pytest.mark.parametrize("hopeless", [b"x" * 200, info(data="[1]"), info(data="nonsense")])
def test_what_cannot_become_info_is_not_waited_for(hopeless):
    body, rest = scan([hopeless])
    assert (body, rest) == (hopeless, b"")
    with pytest.raises(InvalidInfo):
        parse_info(body, TYPES)


def test_an_unfinished_info_is_waited_for():
    for size in range(len(info())):
        assert scan([info()[:size]]) is None


@pytest.mark.parametrize("start", [info('{"a": "')[:-2], f"{UUID}##".encode()])
def test_memory_is_bounded(start):
    scanner = InfoScanner()
    scanner.feed(start)
    with pytest.raises(ProtocolError, match="65536"):
        [scanner.feed(b" " * 4096) for _ in range(MAX_INFO // 4096 + 1)]


def test_64_kib_are_accepted_and_one_byte_more_is_not():
    frame = len(info('{"a": ""}'))
    largest = info('{"a": "' + "x" * (MAX_INFO - frame) + '"}')
    assert len(largest) == MAX_INFO
    assert scan([largest]) == (largest, b"")
    with pytest.raises(ProtocolError):
        scan([largest.replace(b"x", b"xx", 1)])
