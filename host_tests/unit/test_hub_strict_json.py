"""JSON of others: what is taken can be written as JSON again, and stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.hub.strict_json import parse_json

WRITTEN = st.text(alphabet='[]{}",:0123456789.eE-+nultrfaseNIiy\\ud8\ud800x', max_size=12)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("NaN", "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("1e999", "1e999 is too large"),
        ('{"a": [-1e400]}', "-1e400 is too large"),
        ('"\\ud800"', "surrogates"),
        ('{"\\uDFFF": 1}', "surrogates"),
        ('"\ud800"', "surrogates"),
        ("9" * 5000, "digits"),
        ("[" * 100_000, "nested too deeply"),
        (b"\xff", "utf-8"),
        ('"a"'.encode("utf-16"), "utf-8"),
        ("", "Expecting value"),
    ],
)
def test_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e308", 1e308), ("1e-999", 0.0), ('"\\ud83d\\ude00"', "😀"), (b'["\xc3\xa9"]', ["é"])],
)
def test_taken(text, value):
    assert parse_json(text) == value


@given(WRITTEN | st.floats().map(json.dumps) | st.text().map(json.dumps))
def test_whatever_is_taken_can_be_written(text):
    try:
        value = parse_json(text)
    except ValueError:
        return
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
