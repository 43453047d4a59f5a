"""motelink.jsonw against CPython's json and decimal, for values that hypothesis thinks of."""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink.buffer import Buffer
from motelink.errors import TooLarge
from motelink.jsonw import JsonWriter

# Surrogates too: a device can hold what a peer escaped badly.
TEXT = st.text(st.characters(), max_size=40)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=25
)


def write(value: Any, digits: int | None = None, size: int = 100_000) -> bytes:
    buffer = Buffer(size)
    JsonWriter(buffer, nesting=30).value(value, digits)
    return bytes(buffer.data[: buffer.end])


def joined(value: Any) -> Any:
    """Surrogates that stand in pairs are one character to whoever reads JSON."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    if isinstance(value, list):
        return [joined(item) for item in value]
    if isinstance(value, dict):
        return {joined(key): joined(item) for key, item in value.items()}
    return value


@given(VALUES)
def test_what_is_written_reads_back(value: Any) -> None:
    assert json.loads(write(value)) == joined(value)


@given(VALUES)
def test_what_is_written_is_utf8_without_control_characters(value: Any) -> None:
    assert all(ord(character) >= 32 for character in write(value).decode("utf-8", "strict"))


@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
def test_bytes_are_written_if_they_are_utf8(data: bytes) -> None:
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        with pytest.raises(ValueError, match="UTF-8"):
            write(data)
    else:
        assert json.loads(write(data)) == text


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 17))
def test_fixed_decimals_round_the_shortest_form_half_up(value: float, digits: int) -> None:
    exponent = Decimal(1).scaleb(-digits)
    shortest = Decimal(repr(value))
    text = write(value, digits).decode()
    assert Decimal(text) == _quantized(shortest, exponent)
    assert len(text.partition(".")[2]) == digits
    assert not text.startswith("-0") or any(digit in "123456789" for digit in text)


def _quantized(value: Decimal, exponent: Decimal) -> Decimal:
    import decimal

    with decimal.localcontext() as context:
        context.prec = 400
        return value.quantize(exponent, ROUND_HALF_UP)


@given(VALUES, st.data())
def test_a_full_buffer_is_as_it_was(value: Any, data: st.DataObject) -> None:
    whole = write(value)
    size = data.draw(st.integers(0, len(whole) - 1))
    buffer = Buffer(size + 3)
    buffer.put(b"abc")
    with pytest.raises(TooLarge):
        JsonWriter(buffer, nesting=30).value(value)
    assert bytes(buffer.data[: buffer.end]) == b"abc"


def test_an_int_that_cpython_does_not_convert_takes_the_document_back() -> None:
    buffer = Buffer(10_000)
    with pytest.raises(ValueError, match="digits"):
        JsonWriter(buffer).value([1, 10**5000])
    assert buffer.end == 0
