"""Changes of the devices on the SEPL platform. Loaded with one, dropped when there are no more."""

from motelink import port
from motelink.errors import TooLarge
from motelink.sepl_device import local_hash
from motelink.sepl_session import framed

const = port.const

_OK = const(200)
_MOST = const(16)
_TOKEN = "." * 36


class Change:
    """A request that changes devices, and the commit after it, answered by ``limit``.
    ``accepted``: None while it goes on; ``begun``: whether it has had its turn.

    The hash is that of now: what later changes bring is not on the platform yet.
    """

    def __init__(self, changes, handler, payload, limit, callback):
        self.changes = changes
        self.handler = handler
        self.payload = payload
        self.limit = limit
        self.callback = callback
        self.accepted = None
        self.begun = False
        self.hash = local_hash(changes.connector.manager.devices())

    def begin(self) -> None:
        """It is its turn."""
        self.begun = True
        self._request(self.handler, self.payload, self.requested)

    def requested(self, answer) -> None:
        """The request has its answer."""
        if answer.status == _OK:
            self._request("commit", self.hash, self.committed)
        else:
            self.end(False)

    def committed(self, answer) -> None:
        """The commit has its answer, or there was none."""
        self.end(answer.status == _OK)

    def end(self, accepted: bool) -> None:
        """It is over."""
        self.accepted = accepted
        self.changes.connector.call(self.callback, accepted)
        self.changes.go_on()

    def _request(self, handler, payload, callback) -> None:
        now = port.ticks_ms()
        left = max(port.ticks_diff(self.limit, now), 0)
        try:
            self.changes.connector.session.request(now, handler, payload, left, callback)
        except Exception:
            self.end(False)  # nobody may wait for it, nor behind it
            raise
        self.changes.connector.until(now)


class Changes:
    """Those of one connector, one after another."""

    def __init__(self, connector):
        self.connector = connector
        self._all = []  # the first is the one under way
        self._going = False

    def add(self, handler, payload, limit, callback):
        """A `Change`, or None where too many wait. Raises TooLarge."""
        if len(self._all) >= _MOST:
            return None
        change = Change(self, handler, payload, limit, callback)
        self._all.append(change)
        self.go_on()
        return change

    def go_on(self) -> None:
        """Begin the next one, when the one before is over; without a connection none is sent."""
        if self._going:
            return
        self._going = True
        try:
            while self._all:
                change = self._all[0]
                if change.accepted is not None:
                    self._all.pop(0)
                elif change.begun:
                    return
                else:
                    change.begin()
        finally:
            self._going = False
        self.connector.changes = None
        port.forget("sepl_change")


def payload_of(handler, device, size: int):
    """The payload of a request about a device. Raises TooLarge for a device whose message has
    more than ``size`` bytes: every synchronisation would fail."""
    if handler != "put":
        return device if isinstance(device, str) else device.id
    payload = device.as_put()
    needed = len(framed(_TOKEN, handler, payload).encode())
    if needed > size:
        raise TooLarge("%s takes %d bytes, tx_size is %d" % (device, needed, size))
    return payload
