"""The time of day, for `motelink.losant_time`, on CPython."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unix_ms() -> int:
    return time.time_ns() // 1_000_000


def mktime(local) -> int:
    """Seconds since 1970 of a tuple of local time; of 8 items, as boards have them, too."""
    return int(time.mktime((*local, -1)[:9] if len(local) == 8 else local))


def moment(ms: int, micro: int) -> datetime:
    """A point in time as programs here have it. Raises ValueError beyond the years 1 to 9999."""
    try:
        return _EPOCH + timedelta(milliseconds=ms, microseconds=micro)
    except OverflowError as error:
        raise ValueError(str(error)) from None
