"""Losant's JSON: states from devices, commands to them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.hub.losant.wire import (
    PAYLOAD_BYTES,
    State,
    decode_state,
    encode_command,
    from_iso,
    iso,
)

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


@pytest.mark.parametrize(
    ("message", "time"),
    [
        ({}, None),
        ({"time": None}, None),
        ({"time": {"$undefined": True}}, None),
        ({"time": 1478288526710}, 1478288526710),
        ({"time": 1478288526710.9}, 1478288526710),
        ({"time": {"$date": "2016-11-04T19:42:06.710Z"}}, 1478288526710),
        ({"time": {"$date": "2016-11-04T21:42:06.71+02:00"}}, 1478288526710),
        ({"time": {"$date": "2016-11-04T19:42:06"}}, 1478288526000),
        ({"time": {"$date": 1478288526710}}, 1478288526710),
        ({"time": "2016-11-04T19:42:06.710Z", "flowVersion": "develop"}, 1478288526710),
    ],
)
def test_times_of_states(message, time):
    state = decode_state(json.dumps({"data": {"on": True}, **message}).encode())
    assert state == State(time, {"on": True})


def test_attributes_that_are_nothing_are_left_out():
    state = decode_state(b'{"data": {"a": null, "b": {"$undefined": true}, "c": 0, "d": ""}}')
    assert state.data == {"c": 0, "d": ""}


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "expected JSON"),
        (b"{", "expected JSON"),
        (b"\xff", "expected JSON"),
        (b'{"data": {"a": NaN}}', "NaN is not JSON"),
        (b'{"data": {"a": 1e999}}', "1e999 is too large"),
        (b'{"data": {"a": "\\ud800"}}', "expected JSON"),
        (b'{"data": {"\\udfff": 1}}', "expected JSON"),
        (b"[" * 100_000, "expected JSON"),
        (b"[]", 'expected {"data"'),
        (b'{"data": 1}', 'expected {"data"'),
        (b'{"data": {}, "time": "noon"}', "ISO 8601, got 'noon'"),
        (b'{"data": {}, "time": true}', "milliseconds"),
        (b'{"data": {}, "time": {"date": 1}}', "milliseconds"),
        (b'{"data": {}, "time": -1}', "1970 to 9999"),
        (b'{"data": {}, "time": 1e300}', "1970 to 9999"),
        (b'{"data": {}, "time": {"$date": "1969-12-31T00:00:00Z"}}', "1970 to 9999"),
        (b" " * (PAYLOAD_BYTES + 1), "at most 262144 bytes"),
    ],
)
def test_what_is_no_state(payload, complaint):
    with pytest.raises(ValueError, match=complaint.replace("{", r"\{")):
        decode_state(payload)


@given(st.binary() | JSON.map(lambda value: json.dumps({"data": value, "time": value}).encode()))
def test_any_payload_is_a_state_or_refused(payload):
    try:
        state = decode_state(payload)
    except ValueError:
        return
    assert isinstance(state.data, dict)
    assert state.time is None or iso(state.time)


@given(MOMENTS)
def test_a_moment_comes_back(moment):
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert from_iso(iso(milliseconds)) == milliseconds
    assert datetime.fromisoformat(iso(milliseconds)) == moment


@given(st.text(), JSON)
def test_a_command_is_what_the_documentation_shows(name, payload):
    command = json.loads(encode_command(name, payload, 1478288526710))
    assert command == {
        "name": name,
        "payload": payload,
        "time": {"$date": "2016-11-04T19:42:06.710Z"},
    }


def test_a_command_has_the_limit_of_a_payload():
    room = PAYLOAD_BYTES - len(encode_command("a", "", 0))
    assert len(encode_command("a", "x" * room, 0)) == PAYLOAD_BYTES
    with pytest.raises(ValueError, match="at most 262144 bytes, got 262145"):
        encode_command("a", "x" * (room + 1), 0)
