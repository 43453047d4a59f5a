"""The numbers that the page charts, found in what platforms' devices send."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.hub.web.values import NAMES, flatten, numbers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@pytest.mark.parametrize(
    ("platform", "message", "expected"),
    [
        ("manager", "21.5", {"value": 21.5}),
        (
            "manager",
            "led_on 1\ntemp: -2.5\nhello\nrssi=-60\nleak 1.5e-07\nlux 2e+3",
            {"led_on": 1, "temp": -2.5, "rssi": -60, "leak": 1.5e-7, "lux": 2000},
        ),
        (
            "manager",
            '{"a": {"b": true}, "c": [1, 2], "d": [3]}',
            {"a.b": 1, "c[0]": 1, "c[1]": 2, "d": 3},
        ),
        ("losant", '{"data": {"soil": 4}, "time": 5}', {"soil": 4}),
        ("commute", '{"method": "put", "status": {"sensor": "s", "value": 7}}', {"s": 7}),
        ("commute", '{"method": "get", "sensor": "s"}', {}),
        ("sepl", '{"device": "d", "service": "s", "value": "2"}', {"d s": 2}),
        ("iottalk", '{"temp-I": [20.5]}', {"temp-I": 20.5}),
        ("another", '{"n": 1}', {"n": 1}),
        ("manager", '{"n": 1e999}', {}),
        ("manager", '{"n": 1' + "0" * 400 + "}", {}),
    ],
)
def test_numbers_have_the_names_that_people_gave_them(platform, message, expected):
    assert numbers(platform, "in", message.encode()) == expected


def test_what_goes_out_is_an_order_and_no_measurement_but_for_iottalk():
    assert numbers("losant", "out", b'{"payload": 1}') == {}
    assert numbers("iottalk", "out", b'{"lamp-O": [1]}') == {"lamp-O": 1}


@given(
    platform=st.sampled_from(["manager", "losant", "sepl", "commute", "iottalk"]),
    message=st.binary(),
)
def test_any_bytes_are_looked_at(platform, message):
    check(numbers(platform, "in", message))


@given(platform=st.sampled_from(["manager", "losant", "sepl", "commute", "iottalk"]), value=JSON)
def test_any_json_is_looked_at(platform, value):
    check(numbers(platform, "in", json.dumps(value).encode()))
    check(flatten(value))


def test_deep_and_wide_ones_are_bounded():
    check(numbers("manager", "in", b"[" * 2000 + b"1" + b"]" * 2000))
    check(numbers("manager", "in", json.dumps({f"n{i}": i for i in range(500)}).encode()))
    check(numbers("manager", "in", json.dumps({"x" * 4000: 1}).encode()))


def check(found):
    assert len(found) <= NAMES
    assert all(math.isfinite(value) and len(name) <= 80 for name, value in found.items())
