"""Whatever a platform sends, motelink.losant reads it or refuses it; and what a program gives as
a state's time is the time that was meant."""

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink import losant_json, losant_time
from motelink.buffer import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)
NAMES = st.sampled_from(["$date", "$undefined", "name", "payload", "time"]) | st.text(max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


def received(payload: bytes) -> Message:
    message = Message(bytearray(payload))
    message.end = len(payload)
    return message


@given(TIMES, st.sampled_from(["auto", "microseconds", "milliseconds"]))
def test_any_date(moment: datetime, precision: str) -> None:
    text = moment.isoformat(timespec=precision)
    assert losant_time.parse(text) == datetime.fromisoformat(text)
    assert losant_time.parse(text.replace("+00:00", "Z")) == datetime.fromisoformat(text)


@given(TIMES)
def test_any_time_of_a_state(moment: datetime) -> None:
    expected = (moment - EPOCH) // timedelta(milliseconds=1)
    assert losant_time.from_time_like(moment) == expected
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    assert losant_time.from_time_like(naive) == expected


@given(
    st.text(max_size=30)
    | st.text("0123456789-+:.TZ", max_size=30)
    | st.integers()
    | st.from_regex(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?([+-][\d:]*|Z)?\Z")
)
def test_a_date_is_read_or_refused(value: object) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(losant_time.parse(value), datetime)


@given(st.binary(max_size=50) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_a_command_is_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(losant_json.command(received(payload)), dict)


@given(st.dictionaries(NAMES, VALUES, max_size=3), st.none() | st.integers())
def test_a_state_is_json(state: dict[str, Any], time_like: int | None) -> None:
    def refuse(constant: str) -> None:
        pytest.fail(f"JSON has no {constant}")

    sent = json.loads(losant_json.state(state, time_like, None), parse_constant=refuse)
    assert sent.keys() == {"data", "time"}
    assert sent["data"].keys() == state.keys()
    if time_like is not None:
        assert sent["time"] == time_like
