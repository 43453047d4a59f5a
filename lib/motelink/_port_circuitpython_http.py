"""`motelink.http` on CircuitPython: adafruit_requests, with adafruit_connection_manager.

It bounds each recv, not the whole: a server that sends a byte now and then may hold it for longer
than ``ms``, which a watchdog must cover. What comes after that is dropped. Where no answer comes
in half of ``ms`` it asks once more by itself.
"""

import errno

import adafruit_requests
import wifi
from adafruit_connection_manager import (
    get_connection_manager,
    get_radio_socketpool,
    get_radio_ssl_context,
)

from motelink._port_circuitpython import ticks_add, ticks_diff, ticks_ms


def fetch(method, url, headers, body, ms, limit, tls):
    """(status, pairs of header fields, body or None: larger than ``limit``). Raises OSError."""
    end = ticks_add(ticks_ms(), ms)
    pool = get_radio_socketpool(wifi.radio)
    session = adafruit_requests.Session(pool, tls or get_radio_ssl_context(wifi.radio))
    answer = None
    data = b""
    try:
        answer = session.request(
            method,
            url,
            data=body,
            headers=headers,
            stream=True,
            timeout=ms / 2000,  # it tries twice
            allow_redirects=False,
        )
        fields = list(answer.headers.items())
        if method != "HEAD" and answer.status_code not in (204, 304):
            for piece in answer.iter_content(256):
                data += piece
                if len(data) > limit:
                    return answer.status_code, fields, None
                if ticks_diff(end, ticks_ms()) < 0:
                    raise OSError(errno.ETIMEDOUT)
        return answer.status_code, fields, data
    except (RuntimeError, ValueError, adafruit_requests.OutOfRetries) as error:
        raise OSError("%s: %s" % (type(error).__name__, error))
    finally:
        # One request, one connection: what is left unread must not answer the next one.
        if answer and answer.socket:
            get_connection_manager(pool).close_socket(answer.socket)
