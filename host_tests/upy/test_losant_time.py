"""motelink.losant_time: dates of commands, times of states, and clocks that are not set."""

import time

from doubles import Instead
from kit import MICROPYTHON, raises
from motelink import _port_micropython_time as port_time
from motelink import losant_time
from motelink.losant_time import from_time_like, now, parse

DATES = (
    ("2016-11-04T19:42:06.710Z", 1478288526710),
    ("2016-11-04T19:42:06.71", 1478288526710),
    ("2016-11-04T19:42:06Z", 1478288526000),
    ("2016-11-04T19:42:06.7109999Z", 1478288526710),
    ("2016-11-04T21:42:06.710+02:00", 1478288526710),
    ("2016-11-04T12:12:06.710-0730", 1478288526710),
    ("2016-11-05T09:42:06.710+14", 1478288526710),
    ("1970-01-01T00:00:00.0Z", 0),
    ("1969-12-31T23:59:59.999Z", -1),
    ("2000-02-29T00:00:00Z", 951782400000),
    ("2100-03-01T00:00:00Z", 4107542400000),
    ("0001-01-01T00:00:00Z", -62135596800000),
    ("9999-12-31T23:59:59.999Z", 253402300799999),
    (1478288526710, 1478288526710),
)
WRONG = (
    "",
    "Z",
    "2016",
    "2016-11-04",
    "2016-11-04 19:42:06Z",
    "2016-11-04T19:42",
    "2016/11/04T19:42:06Z",
    "2016-13-04T19:42:06Z",
    "2016-00-04T19:42:06Z",
    "2016-11-31T19:42:06Z",
    "2015-02-29T19:42:06Z",
    "1900-02-29T19:42:06Z",
    "2016-11-00T19:42:06Z",
    "0000-11-04T19:42:06Z",
    "2016-11-04T24:42:06Z",
    "2016-11-04T19:60:06Z",
    "2016-11-04T19:42:60Z",
    "2016-11-04T19:42:-1Z",
    "2016-11-04T19:42:06.Zed",
    "2016-11-04T19:42:06z+1",
    "2016-11-04T19:42:06+1",
    "2016-11-04T19:42:06+24:00",
    "2016-11-04T19:42:06+02:60",
    "2016-11-04T19:42:06~02:00",
    None,
    1.5,
    {"$numberLong": "5"},
    [],
)


def test_dates():
    for text, ms in DATES:
        found = parse(text)
        if not MICROPYTHON:
            assert found.utcoffset().total_seconds() == 0
        # Back to what a state says: a command's time is a state's.
        assert from_time_like(found) == ms, (text, found)


def test_what_is_no_date():
    for text in WRONG:
        raises(ValueError, parse, text)


def test_tuples_are_local_time():
    for seconds in (1478288526, 951868799, 1767225600):
        local = time.localtime(seconds)
        assert from_time_like(local) == seconds * 1000
        assert from_time_like(tuple(local)[:8]) == seconds * 1000


def test_numbers_are_milliseconds():
    assert from_time_like(1478288526710) == 1478288526710
    assert from_time_like(0) == 0
    assert from_time_like(2.5) == 2
    for value in ("2016", None, [1], b"5"):
        raises(TypeError, from_time_like, value)


class Since2000:
    """The time module of a board whose clock counts from 2000. It is 2026-01-01 there."""

    def mktime(self, local):
        return 820540800 if local[0] == 2026 else -1

    def time_ns(self):
        return 820540800 * 1000000000 + 1234567


def test_a_board_that_counts_from_2000():
    with Instead(port_time, "time", Since2000()), Instead(port_time, "_EPOCH", 946684800):
        assert port_time.unix_ms() == 1767225600001
        assert port_time.mktime((2026, 1, 1, 0, 0, 0, 3, 1)) == 1767225600
    with Instead(losant_time, "_port", port_time):
        assert abs(now(None) - time.time() * 1000) < 5000


class Clock:
    """Of the port: it says ``ms``."""

    def __init__(self, ms):
        self.ms = ms

    def unix_ms(self):
        return self.ms


def test_a_clock_that_was_never_set():
    for ms, known in ((0, False), (1704067199999, False), (1704067200000, True)):
        with Instead(losant_time, "_port", Clock(ms)):
            assert now(None) == (ms if known else None)
            assert now(Clock(5)) == 5  # the device's own knows better
            assert now(Clock(None)) is None
