"""Values of IoTtalk input features that wait on flash while the server is away.

    from motelink.iottalk import Device
    from motelink.iottalk_outbox import Forwarder
    from motelink.outbox import Outbox

    device = Device("http://192.0.2.5:9992", "Kettle", ["Celsius-I"])
    celsius = Forwarder(device, Outbox("iottalk-outbox", record_size=64)).idf[0]
    while True:
        device.step(1000)
        celsius.push_int(read())

They are published at QoS 1, and have arrived when the broker has them.
"""

from motelink.iottalk import Feature
from motelink.mqtt_outbox import Forwarder as Base
from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_TOPIC = const(80)  # bytes of a server's topic, at most
_AROUND = const(9)
_LINKED_MS = const(30000)  # within so long the server has linked what it wants
_DIGITS = const(11)


class Stored(Feature):
    """One input feature, as `motelink.iottalk.Feature` has it. It wants data while it is linked,
    and while nobody knows whether it will be: away, and 30 s into a connection."""

    def __init__(self, forwarder, feature):
        super().__init__(forwarder, (feature.name, feature.units))
        self.feature = feature
        self.topic = feature.name.encode()  # the record's name
        self._frame = bytearray(b"[" + b" " * _DIGITS + b"]")

    def __bool__(self) -> bool:
        return self.feature.topic is not None or not self.device.decided()

    def push_int(self, value: int) -> bool:
        """`push` an integer, without allocating where it is below 2**30. Raises ValueError for
        one that has more than 10 digits."""
        frame = self._frame
        at = 1 + _DIGITS
        rest = -value if value < 0 else value
        while rest or at > _DIGITS:
            at -= 1
            if at == 1:
                raise ValueError("expected an int of at most 10 digits")
            frame[at] = 48 + rest % 10
            rest //= 10
        if value < 0:
            at -= 1
            frame[at] = 45
        while at > 1:
            at -= 1
            frame[at] = 32
        return bool(self) and self.device.publish(self.topic, frame)

    def push_ints(self, values) -> bool:
        """`push` integers. Allocates."""
        return self.push(list(values))


class Forwarder(Base):
    """``device``: a `motelink.iottalk.Device` that has not begun. ``box``: a
    `motelink.outbox.Outbox`; a feature's name and a payload must fit into its records.
    ``window``: values that are not acknowledged. ``always``: values go to flash first, also while
    they could be sent at once: then a power cut loses none, and each takes a flash write.

    ``idf``: the device's input features, to be used instead of its own. Values that waited for a
    feature which is not linked 30 s into a connection are let go, and counted in ``unwanted``.
    Raises ConfigError.
    """

    def __init__(self, device, box, window=2, always=False):
        super().__init__(device, box, window, box.limit + _TOPIC + _AROUND, always)
        self.idf = [Stored(self, feature) for feature in device.idf]
        self._since = 0
        self._seen = -1  # the connection that this is of
        self._late = False

    def publish(self, name, payload) -> bool:
        """Data of the feature of this name, in bytes. Raises TooLarge."""
        if isinstance(payload, str):
            payload = payload.encode()
        topic = self._feature(name).topic if self.client.connected else None
        return self.offer(name, topic, payload) if topic else self.put(name, payload)

    def decided(self) -> bool:
        """Whether the server has linked by now what it wants."""
        return self._late and self._seen == self.client.connects and self.client.connected

    def settle(self, now: int) -> None:
        """Called by `turn`."""
        if self._seen != self.client.connects:
            self._seen = self.client.connects
            self._since = ticks_ms()
            self._late = False
        if not self._late:
            self._late = ticks_diff(now, ticks_add(self._since, _LINKED_MS)) >= 0
        super().settle(now)

    def topic(self, name):
        """Where the server wants it; None while that is not known. Raises ValueError."""
        feature = self._feature(name)
        if feature is None or (feature.topic is None and self.decided()):
            raise ValueError("no feature, or not linked: %s" % name.text())
        return feature.topic

    def _feature(self, name):
        for stored in self.idf:
            if name == stored.topic:
                return stored.feature
        return None
