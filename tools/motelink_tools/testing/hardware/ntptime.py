"""A fake ``ntptime``: asks the test, or the host's clock on the virtual board, and no network."""

import time as _time

import machine

host = "pool.ntp.org"
timeout = 1  # seconds

server = None  # f() -> seconds since 1970; None: the host's clock
failure = None  # an OSError: what every request ends in

_EPOCH = 946684800 if _time.gmtime(0)[0] == 2000 else 0


def time():
    """Seconds since the port's epoch, by the server."""
    if failure is not None:
        raise failure
    return int(server()) - _EPOCH if server is not None else _time.time()


def settime():
    """Set the RTC to UTC. Raises what ``failure`` holds."""
    now = _time.gmtime(time())
    machine.RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))
