"""What the runtimes' JSON encoders leave to `motelink.jsonw`: surrogates, and fixed decimals.

Works on bytes in place and allocates nothing.
"""

_HEX = b"0123456789abcdef"

DIGITS = bytearray(24)
"""The digits of one float in ASCII, with a zero in front for a carry: 17 significant ones and the
zeros before them are at most 22. Behind the last there are zeros."""


def is_surrogate(data, at):
    return data[at] == 0xED and data[at + 1] >= 0xA0


def count_surrogates(data, at, end):
    count = 0
    while True:
        at = data.find(b"\xed", at, end)
        if at < 0:
            return count
        if is_surrogate(data, at):
            count += 1
        at += 3


def put_escape(data, last, shift):
    # \udXXX over the six bytes that end ``shift`` behind ``last``, the last byte of a surrogate.
    middle = data[last - 1]
    low = data[last]
    last += shift
    data[last] = _HEX[low & 15]
    data[last - 1] = _HEX[(middle & 3) << 2 | low >> 4 & 3]
    data[last - 2] = _HEX[middle >> 2 & 15]
    data[last - 3] = 100
    data[last - 4] = 117
    data[last - 5] = 92


def read_digits(data, at, end):
    """Read a float's text, "-12.5e-07", into `DIGITS`; returns where its decimal point is."""
    n = 1
    point = 0
    exponent = 0
    while at < end:
        byte = data[at]
        at += 1
        if 48 <= byte <= 57:
            DIGITS[n] = byte
            n += 1
        elif byte == 46:
            point = n
        elif byte == 101:
            exponent = _read_int(data, at, end)
            break
    _clear_digits(n)
    return (point or n) + exponent


def _read_int(data, at, end):
    value = 0
    sign = -1 if data[at] == 45 else 1
    while at < end:
        if 48 <= data[at] <= 57:
            value = value * 10 + data[at] - 48
        at += 1
    return value * sign


def _clear_digits(n):
    DIGITS[0] = 48
    while n < len(DIGITS):
        DIGITS[n] = 48
        n += 1


def round_digits(count):
    """Keep the first ``count`` digits, rounding half up; returns whether any is not zero."""
    if count < len(DIGITS):
        up = count > 0 and DIGITS[count] >= 53
        _clear_digits(count if count > 0 else 0)
        if up:
            _carry(count - 1)
    return DIGITS.count(b"0") < len(DIGITS)


def _carry(at):
    while DIGITS[at] == 57:
        DIGITS[at] = 48
        at -= 1
    DIGITS[at] += 1
