"""The time of day, for `motelink.losant_time`, on MicroPython."""

import time

# RTCs count from 2000 on ESP32 and ESP8266, from 1970 elsewhere.
_EPOCH = 946684800 if time.gmtime(0)[0] == 2000 else 0


def unix_ms() -> int:
    """Milliseconds since 1970 by the RTC, whatever its truth."""
    return time.time_ns() // 1000000 + _EPOCH * 1000


def mktime(local) -> int:
    """Seconds since 1970 of a tuple as `time.localtime` makes it; a board's zone is UTC."""
    return time.mktime(local) + _EPOCH


def moment(ms: int, _micro: int) -> int:
    """A point in time as programs here have it: milliseconds since 1970."""
    return ms
