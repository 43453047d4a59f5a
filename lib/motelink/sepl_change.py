"""One change of the devices on the SEPL platform, and what a payload may be."""

from motelink.port import const, ticks_ms
from motelink.sepl_device import local_hash

_OK = const(200)
_JSON = (str, int, float, bool, type(None))


class Change:
    """A request that changes devices, and the commit after it. ``accepted``: None while it goes
    on."""

    def __init__(self, connector, handler, payload, ms, callback):
        self.connector = connector
        self.handler = handler
        self.payload = payload
        self.ms = ms
        self.callback = callback
        self.accepted = None

    def begin(self) -> None:
        """It is its turn."""
        self._request(self.handler, self.payload, self.requested)

    def requested(self, answer) -> None:
        """The request has its answer."""
        if answer.status == _OK:
            mine = local_hash(self.connector.manager.devices())
            self._request("commit", mine, self.committed)
        else:
            self.committed(answer)

    def committed(self, answer) -> None:
        """The commit has its answer, or there was none."""
        self.accepted = answer.status == _OK
        if self.callback:
            self.connector.call(self.callback, self.accepted)
        self.connector.changed(self)

    def _request(self, handler, payload, callback) -> None:
        now = ticks_ms()
        self.connector.session.request(now, handler, payload, self.ms, callback)
        self.connector.until(now)


def checked(payload):
    """JSON, or TypeError: json.dumps of MicroPython takes anything."""
    if isinstance(payload, dict):
        for key in payload:
            if not isinstance(key, str):
                raise TypeError("keys of a payload are str, got %s" % type(key).__name__)
            checked(payload[key])
    elif isinstance(payload, list):
        for item in payload:
            checked(item)
    elif not isinstance(payload, _JSON):
        raise TypeError("a payload is JSON, got %s" % type(payload).__name__)
    return payload
