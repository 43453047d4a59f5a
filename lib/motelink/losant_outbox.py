"""Losant states that wait on flash while the platform is away.

    from motelink.losant import Device
    from motelink.losant_outbox import Forwarder
    from motelink.outbox import Outbox

    device = Device("my-device-id", "my-app-access-key", "my-app-access-secret", ca="ca.der")
    Forwarder(device, Outbox("losant-outbox"))
    device.connect(blocking=False)

From then on ``device.send_state``, ``device.publish`` and a `motelink.losant_state.StateWriter`
send at QoS 1, and what cannot be sent now is kept, with the time at which it was measured.
"""

from motelink.buffer import Buffer
from motelink.clock import Clock
from motelink.errors import TooLarge
from motelink.mqtt_outbox import Forwarder as Base
from motelink.port import const, copy_into

_STEP = const(32)
_TIME = const(22)  # bytes of ,"time":1700000000000}
_HALF = const(100000)
_AROUND = const(9)
_PACE_MS = const(600)  # the platform takes 30 in 15 s; some are sent again
_SPACES = b" " * _STEP
_HEAD = b'{"data":{'
_NAME = b""


class Forwarder(Base):
    """``device``: a `motelink.losant.Device` that is not connected yet. ``box``: an
    `motelink.outbox.Outbox`; a state with its time must fit into its records. ``window``: slots
    for states that are not acknowledged. ``always``: states go to flash first, also while they
    could be sent at once: then a power cut loses none, and each takes a flash write. ``pace``: ms
    between states that waited; the platform shuts out who sends more than 30 in 15 s.

    States that do not say their time get the time of ``device.clock``, or of the RTC; while that
    is not known they have none, and the platform takes the time at which they arrive. Allocates
    its buffers here: a slot each, and a record with views of it. Raises ConfigError.
    """

    pace = _PACE_MS

    def __init__(self, device, box, window=2, always=False):
        size = min(box.limit, device.limit - 2)  # at QoS 1 a packet has an id, too
        self._topic = device._topic
        super().__init__(device.client, box, window, size + len(self._topic) + _AROUND, always)
        self._clock = device.clock or Clock()
        self._known = None  # the clock's epoch that these are of
        self._high = self._low = 0
        self._text = Buffer(size - size % _STEP)
        view = memoryview(self._text.data)
        self._views = [view[: n + _STEP] for n in range(0, self._text.limit, _STEP)]
        device.publish = self.publish
        device.limit = self._text.limit - _TIME
        for event in ("connect", "reconnect"):
            device.add_event_observer(event, _join)
        device.outbox = self

    def publish(self, payload) -> bool:
        """A state that is JSON already. True when it was sent, and is kept in RAM until it is
        acknowledged, or when it is in flash; False when the outbox refuses it. Allocates nothing
        but where a segment begins. Raises TooLarge."""
        n = len(payload)
        while n and payload[n - 1] == 32:
            n -= 1
        text = self._text
        if n + _TIME > text.limit:
            raise TooLarge("a state of %d bytes, at most %d" % (n, text.limit - _TIME))
        copy_into(text.data, 0, payload, n)
        text.end = n
        if self._timeless(n):
            self._stamp(text)
        n = text.end
        copy_into(text.data, n, _SPACES, -n % _STEP)
        return self.offer(_NAME, self._topic, self._views[(n - 1) // _STEP])

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        self._clock.poll()  # it wants to be asked every few days, also while there is no state
        super().turn(now)

    def topic(self, _name):
        """All are of one topic."""
        return self._topic

    def _timeless(self, n: int) -> bool:
        """Whether it is a state without a time, as this library writes them."""
        data = self._text.data
        if data[n - 2] != 125:
            return False
        for i in range(len(_HEAD)):  # noqa: SIM110 all() would make a generator
            if data[i] != _HEAD[i]:
                return False
        return True

    def _stamp(self, text) -> None:
        """Add the time, in two halves: a number of 13 digits would be allocated."""
        clock = self._clock
        if not clock.known():
            return
        if clock._epoch is not self._known:
            self._known = clock._epoch
            epoch = int(clock._epoch or clock._rtc() - clock.poll())  # unix: a float
            self._high = epoch // _HALF
            self._low = epoch % _HALF
        low = self._low + clock.poll()
        ms = clock._epoch_ms + clock.ms
        low += ms // 1000
        text.end -= 1
        text.put(b',"time":')
        _digits(text, self._high + low // _HALF, 5)
        _digits(text, low % _HALF, 5)
        _digits(text, ms % 1000, 3)
        text.put_byte(125)


def _digits(text, value: int, n: int) -> None:
    text.end += n
    for i in range(n):
        text.data[text.end - 1 - i] = 48 + value % 10
        value //= 10


def _join(device) -> None:
    device.outbox._known = None  # the RTC may have been set since
    device.outbox.join()
