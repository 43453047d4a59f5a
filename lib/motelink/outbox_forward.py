"""From an outbox to a platform: what cannot be sent now waits on flash, and goes out in order.

The base of ``motelink.<platform>_outbox``, which say how a record is sent, and how one knows that
it has arrived. A client of the platform client's loop; between those it allocates nothing.
"""

from motelink.errors import TooLarge
from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_ENDED = const(4)  # Link's
_BUSY_MS = const(10)  # so often, while records are on their way
_FULL_MS = const(100)  # while the connection takes nothing
_LOOK_MS = const(500)  # otherwise
_TIDY_MS = const(10000)
_AGAIN_MS = const(5000)


class Forwarder:
    """``client``: the platform's. ``box``: a `motelink.outbox.Outbox`. ``window``: so many records
    are on their way at most, ``flying`` are. ``pace``: ms between records that waited, for a
    platform that limits how many it takes. ``unwanted``: how many could never be sent, or were
    refused by the platform: logged, and let go.

    Subclasses have ``ready()``: whether the platform takes records; ``pass_on(record)``: whether
    it has taken the one that ``box`` has read; ``settle(now)``, which calls `arrived` once for
    each that has arrived, the oldest first; and ``lost()``: the connection is.
    """

    sock = const(None)
    pace = const(0)

    def __init__(self, client, box, window):
        self.client = client
        self.box = box
        self.window = window
        self.flying = 0
        self.unwanted = 0
        self.loop = None
        self.deadline = ticks_ms()
        self._connects = 0
        self._put = self._next = self.deadline

    def put(self, topic, payload) -> bool:
        """Keep a record until it has arrived. True when it is in flash; False when the outbox
        refuses it. Allocates nothing but where a segment begins. Raises TooLarge."""
        if not self.box.put(topic, payload):
            return False
        self._put = ticks_ms()
        if not self.flying:
            self.deadline = self._put
        self.join()
        return True

    def join(self) -> None:
        """Run on the loop that the client is on, where it is on one."""
        client = self.client
        if self.loop is not client.loop and client.state != _ENDED:
            if self.loop:
                self.loop.remove(self)
            self.deadline = ticks_ms()
            client.loop.add(self)

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        box = self.box
        if self._connects != self.client.connects or not self.ready():
            self.lost()
            self._connects = self.client.connects
            self._next = self._put = now  # neither so long ago that it would seem to be ahead
        ms = _LOOK_MS
        if self.ready():
            self.settle(now)
            if ticks_diff(now, self._next) >= 0:
                self._next = now
            while self._next == now and self.flying < self.window and box.peek() and self._send():
                self.flying += 1
                box.take()
                self._next = ticks_add(now, self.pace)
            if self.flying or box.count:
                ms = _BUSY_MS if self.flying else _FULL_MS
                self._put = now
            elif ticks_diff(now, self._put) > _TIDY_MS:
                box.close()  # so that nothing comes back that has arrived
                self._put = now
        self.deadline = ticks_add(now, ms)
        if self.client.state == _ENDED:
            self.loop.remove(self)
            self.loop = None

    def failed(self, error: Exception) -> None:
        """`turn` raised; called by the loop."""
        self.deadline = ticks_add(ticks_ms(), _AGAIN_MS)
        try:
            from motelink import log

            log.exception(error, self.client)
        except MemoryError:  # not even for that is there room
            pass

    def arrived(self) -> None:
        """The oldest record that is on its way has arrived."""
        self.flying -= 1
        self.box.confirm()

    def lost(self) -> None:
        """Those on their way did not arrive, as far as anybody knows."""
        self.flying = 0
        self.box.rewind()

    def _send(self) -> bool:
        box = self.box
        try:
            return self.pass_on(box)
        except (TooLarge, ValueError) as error:
            # It never will be: larger than the settings of now allow, or of a name that is gone.
            if not self.flying:
                self.refuse(error)
                box.pop()
            return False

    def refuse(self, why) -> None:
        """A record that nobody will ever take."""
        from motelink import log

        self.unwanted += 1
        log.warning("%s: a record is lost: %s", self.client, why)
