"""SEPL events that wait on flash until the platform has accepted them.

    from motelink.outbox import Outbox
    from motelink.sepl_outbox import Forwarder

    outbox = Forwarder(connector, Outbox("sepl-outbox"))
    outbox.event("lamp-1", "light", 1)

All of them go through flash; the next one is sent when the one before it has its answer. One that
has none in time, or whose answer was lost, is sent again: at least once. SEPL's events have no
time. Allocates their JSON.
"""

import json

from motelink.outbox_forward import Forwarder as Base
from motelink.port import const, ticks_add, ticks_ms

_OK = const(200)
_BUSY = const(500)  # and beyond: the platform's own trouble
_AGAIN_MS = const(5000)
_BETWEEN = const(b"\0")


class Forwarder(Base):
    """``connector``: a `motelink.sepl_connector.Connector`. ``box``: a `motelink.outbox.Outbox`;
    the ids of device and service and the JSON of a payload must fit into its records. An event
    that the platform refuses, with a status below 500, is counted in ``unwanted``."""

    def __init__(self, connector, box):
        super().__init__(connector.ws, box, 1)
        self._connector = connector
        self._sending = False

    def event(self, device, service, payload) -> bool:
        """Keep an event of a device, or of the one with this id. True when it is in flash. Raises
        TypeError and ValueError for a payload that is no JSON, TooLarge."""
        from motelink import jsonw_check

        if not isinstance(device, str):
            device = device.id
        name = device.encode() + _BETWEEN + service.encode()
        return self.put(name, json.dumps(jsonw_check.checked(payload)).encode())

    def ready(self) -> bool:
        """Whether the platform knows us and our devices."""
        return self._connector.ready

    def settle(self, now: int) -> None:
        """Answers come by themselves."""

    def pass_on(self, record) -> bool:
        """Send an event; False: not now."""
        device, service = record.topic.text().split("\0")
        payload = record.payload.json()
        self._sending = True
        self._connector.event(device, service, payload, 10, self._answered, False)
        sent = self._sending
        self._sending = False
        return sent

    def _answered(self, message) -> None:
        if self._sending:  # it was not even sent
            self._sending = False
            return
        if not self.flying:
            return
        self.deadline = ticks_ms()
        if message.status == _OK:
            self.arrived()
        elif message.status is None or message.status >= _BUSY:
            self.lost()
            self.deadline = ticks_add(self.deadline, _AGAIN_MS)
        else:
            self.refuse(message.status)
            self.arrived()
