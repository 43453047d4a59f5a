"""IoT Commute states that wait on flash until the server has them.

    from motelink.commute_outbox import Forwarder
    from motelink.commute_pair import Pair
    from motelink.outbox import Outbox

    pair = Pair("lamp-1", "its key", "device", "ws://192.0.2.7:8094/ws")
    outbox = Forwarder(pair, Outbox("commute-outbox"))
    outbox.send_message("LED", 1)
    pair.run()

All of them go through flash. The protocol has no acknowledgement, so a ping goes out behind what
was sent: with its pong the server has read that. Without one it is sent again on the next
connection: at least once. The states have no time.
"""

import json

from motelink.errors import ConfigError
from motelink.outbox_forward import Forwarder as Base
from motelink.port import ticks_add

_NAME = b""


class Forwarder(Base):
    """``client``: a `motelink.commute_pair.Pair`, or what `motelink.commute.WebSocket.open`
    returns; with a keepalive, and no pings of your own. ``box``: a `motelink.outbox.Outbox`, into
    whose records a frame must fit. ``window``: so many frames for a ping. Raises ConfigError.

    `motelink.commute_put.Put` takes this in place of a client.
    """

    def __init__(self, client, box, window=16):
        super().__init__(client, box, window)
        if not client.keepalive:
            raise ConfigError("an outbox needs a keepalive")
        self._behind = 0  # so many are in front of our ping

    def send_message(self, sensor: str, value) -> bool:
        """Keep the state of a sensor; ``value`` is JSON. True when it is in flash. Allocates.
        Raises TypeError, ValueError, TooLarge."""
        from motelink import jsonw_check

        status = jsonw_check.checked({"sensor": sensor, "value": value})
        return self.send_text(json.dumps({"method": "put", "status": status}).encode())

    def send_text(self, frame) -> bool:
        """Keep a frame that is made already: bytes. True when it is in flash. Allocates nothing
        but where a segment begins. Raises TooLarge."""
        return self.put(_NAME, frame)

    def ready(self) -> bool:
        """Whether the server has accepted us."""
        return self.client.connected

    def pass_on(self, record) -> bool:
        """Send a frame; False: not now."""
        return self.client.send_text(record.payload.bytes())

    def settle(self, now: int) -> None:
        """Called by `turn`."""
        client = self.client
        if client._pinged:
            return
        while self._behind:
            self._behind -= 1
            self.arrived()
        if self.flying and client.ping():
            client._pinged = True  # and so the client bounds its answer
            client.deadline = ticks_add(now, client.answer_ms)
            self._behind = self.flying

    def lost(self) -> None:
        """The connection is."""
        self._behind = 0
        super().lost()
