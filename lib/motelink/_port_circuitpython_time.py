"""The time of day, for `motelink.losant_time`, on CircuitPython."""

import time


def unix_ms() -> int:
    """Milliseconds since 1970 by the RTC, whatever its truth. It counts whole seconds."""
    return time.time() * 1000


def mktime(local) -> int:
    """Seconds since 1970 of a time.struct_time, or a tuple of 9; a board's zone is UTC."""
    return time.mktime(time.struct_time(local))


def moment(ms: int, _micro: int) -> int:
    """A point in time as programs here have it: milliseconds since 1970."""
    return ms
