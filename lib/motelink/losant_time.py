"""Points in time as Losant writes them, as programs give them, and as a runtime has them."""

from motelink import port

_port = port.load("_time")

const = port.const

_DAY_MS = const(86400000)
_MARKED = (4, 7, 10, 13, 16)  # in 2016-11-04T19:42:06
_MARKS = ["-", "-", "T", ":", ":"]
_EARLIEST = 1704067200000  # 2024: a clock that says less was never set


def now(clock):
    """Milliseconds since 1970 by a `motelink.clock.Clock`, or by the RTC without one; None while
    it is not set."""
    if clock:
        return clock.unix_ms()
    ms = _port.unix_ms()
    return ms if ms >= _EARLIEST else None


def from_time_like(value) -> int:
    """Milliseconds since 1970 of such a number, of a datetime (UTC unless it says otherwise), or
    of a tuple of local time. Raises TypeError."""
    if isinstance(value, tuple):
        return _port.mktime(value) * 1000
    if hasattr(value, "utctimetuple"):
        year, month, day, hour, minute, second = value.utctimetuple()[:6]
        ms = _ms(year, month, day, hour * 60 + minute, second)
        return ms + value.microsecond // 1000
    if isinstance(value, (int, float)):
        return int(value)
    raise TypeError("expected a time, got %s" % type(value).__name__)


def parse(value):
    """A ``$date``: ISO 8601 with or without fraction and offset, or milliseconds since 1970.

    An aware datetime on CPython; milliseconds since 1970 elsewhere, where there is no datetime.
    Raises ValueError.
    """
    if isinstance(value, int):
        return _port.moment(value, 0)
    if not isinstance(value, str) or [value[at : at + 1] for at in _MARKED] != _MARKS:
        raise ValueError("expected a date, got %r" % (value,))
    at = 19
    micro = 0
    if value[at : at + 1] == ".":
        at += 1
        while value[at : at + 1].isdigit():
            at += 1
        micro = _number((value[20:at] + "000000")[:6])
    offset = _offset(value[at:])
    ms = _ms(
        _number(value[:4]),
        _number(value[5:7]),
        _number(value[8:10]),
        _below(value[11:13], 24) * 60 + _below(value[14:16], 60),
        _below(value[17:19], 60),
    )
    return _port.moment(ms - offset * 60000 + micro // 1000, micro % 1000)


def _offset(text: str) -> int:
    """Minutes of "", "Z", "+HH", "+HHMM" or "+HH:MM"."""
    if text in ("", "Z"):
        return 0
    digits = text[1:].replace(":", "")
    if text[0] not in "+-" or len(digits) not in (2, 4):
        raise ValueError("expected an offset, got %r" % text)
    minutes = _below(digits[:2], 24) * 60 + _below(digits[2:] or "0", 60)
    return -minutes if text[0] == "-" else minutes


def _below(text: str, limit: int) -> int:
    number = _number(text)
    if number >= limit:
        raise ValueError("%d in a date, at most %d" % (number, limit - 1))
    return number


def _number(text: str) -> int:
    if not text.isdigit():
        raise ValueError("expected digits in a date, got %r" % text)
    return int(text)


def _ms(year: int, month: int, day: int, minutes: int, seconds: int) -> int:
    """Milliseconds since 1970."""
    first = _days(year, month)
    if not (year and 0 < month < 13 and 0 < day <= _days(year, month + 1) - first):
        raise ValueError("no such day: %d-%d-%d" % (year, month, day))
    return (first + day - 1) * _DAY_MS + (minutes * 60 + seconds) * 1000


def _days(year: int, month: int) -> int:
    """Days from 1970-01-01 to the first of a month of the Gregorian calendar."""
    # Years from March on, so that a leap day is the last of its year; months from March take
    # 31, 30, 31, 30, 31 days over and over: 153 in five.
    months = year * 12 + month - 3
    year = months // 12
    leaps = year // 4 - year // 100 + year // 400
    return year * 365 + leaps + (153 * (months % 12) + 2) // 5 - 719468
