"""iot-manager messages that wait on flash until the server has them.

    from motelink.manager_outbox import Forwarder
    from motelink.outbox import Outbox

    Forwarder(client, Outbox("manager-outbox"))
    client.send(b"door open")

From then on all of them go through flash. The protocol has no acknowledgement. But a server ends
a connection whose heartbeat was not answered, and the answer goes out behind what was sent before
it: so at the second heartbeat after a message the server has read that. With its 60 s between
heartbeats this takes one to two minutes; until then a lost connection has it sent again: at least
once.

In the raw dialect nothing keeps messages apart but time: those that waited go out 100 ms apart.
"""

from motelink.outbox_forward import Forwarder as Base
from motelink.port import const

_APART_MS = const(100)
_NAME = b""


class Forwarder(Base):
    """``client``: a `motelink.manager.Client`, whose `send` is this one's from now on. ``box``: a
    `motelink.outbox.Outbox`. ``window``: messages that are not proved at a time."""

    def __init__(self, client, box, window=64):
        super().__init__(client, box, window)
        if not client._framing.overhead:
            self.pace = _APART_MS
        self._send_now = client.send
        client.send = self.send
        self._beats = 0
        self._before = 0  # so many were sent before that heartbeat

    def send(self, data) -> bool:
        """Keep a message: bytes, or a str. True when it is in flash. Allocates nothing for bytes
        but where a segment begins. Raises TooLarge, and ValueError for a message that the dialect
        cannot carry."""
        if isinstance(data, str):
            data = data.encode()
        self.client._framing.check(data)
        return self.put(_NAME, data)

    def pass_on(self, record) -> bool:
        """Send a message; False: not now."""
        return self._send_now(record.payload.bytes())

    def ready(self) -> bool:
        """Whether the server knows us."""
        return self.client.connected

    def settle(self, _now: int) -> None:
        """Called by `turn`."""
        beats = self.client.beats
        if self._before and beats - self._beats > 1:
            while self._before:
                self._before -= 1
                self.arrived()
        if self.flying and not self._before:
            self._before = self.flying
            self._beats = beats

    def lost(self) -> None:
        """The connection is."""
        self._before = 0
        super().lost()
