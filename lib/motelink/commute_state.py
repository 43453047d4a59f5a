"""Asks an IoT Commute server for a state, and waits for it. Loaded with the first one."""

import json

from motelink import commute_errors
from motelink.port import sleep_ms, ticks_add, ticks_diff, ticks_ms


def get_state(ws, sensor: str):
    """See `motelink.commute.WebSocket.get_state`."""
    client = ws.client
    if not client:
        raise commute_errors.ClosedException("not connected")
    asked = [sensor, None]
    with client:
        if not client.send_text(json.dumps({"method": "get", "sensor": sensor})):
            raise commute_errors.ClosedException("not connected")
        if ws._inside:
            return None
        ws._asked += (asked,)
        connects = client.connects
    end = ticks_add(ticks_ms(), int(ws.READ_TIMEOUT * 1000))
    try:
        while asked[1] is None:
            if not client.connected or client.connects != connects:
                raise commute_errors.ClosedException("the connection was lost")
            if ticks_diff(end, ticks_ms()) <= 0:
                raise commute_errors.TimeoutException("no state in %s s" % ws.READ_TIMEOUT)
            if client.runner:
                sleep_ms(5)
            else:
                client.step(20)
    finally:
        with client:
            ws._asked = tuple([other for other in ws._asked if other is not asked])
    return asked[1]
