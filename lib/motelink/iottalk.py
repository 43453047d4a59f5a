"""An IoTtalk v2 device application: registered over HTTP, then controlled and fed over MQTT.

    from motelink.iottalk import Device

    device = Device("http://192.0.2.5:9992", "Kettle", ["Celsius-I"], ["Heater-O"])
    celsius = device.idf[0]
    device.odf[0].on_data = lambda message: heat(message.json())
    while True:
        device.step(1000)
        celsius.push_int(read())

Steady state (pushing ints, receiving data, keepalive) allocates nothing. What happens seldom
(registration, links that come and go) allocates; its code, in `motelink.iottalk_control` and
`motelink.iottalk_csm`, is loaded for the occasion.
"""

import json

from motelink.errors import AuthError, TooLarge
from motelink.link import Link
from motelink.mqtt import Client
from motelink.port import const, copy_into, forget, ticks_ms


class Feature:
    """One device feature. ``name``; ``units``: a list, one for each dimension, or None.

    ``on_data(message)``: of an output feature, is given each `Message`, valid during the call:
    a JSON array, from some servers a bare value (`motelink.iottalk_data` reads both).
    """

    on_data = const(None)
    units = const(None)

    def __init__(self, device, item):
        self.device = device
        if not isinstance(item, str):
            item, self.units = item
        self.name = item
        self.topic = None  # while linked

    def __bool__(self) -> bool:
        """Whether it is linked: the server wants, or sends, its data."""
        return self.topic is not None and self.device.connected

    def push(self, data) -> bool:
        """Send a list, one value a dimension; anything else is a list of one. Allocates.

        True when the socket took it; False while not linked, or while the socket takes nothing.
        What is no number becomes null. Raises TooLarge, and what `json.dumps` raises.
        """
        if not self:
            return False
        if not isinstance(data, list):
            data = [data]
        data = [None if isinstance(item, float) and item - item else item for item in data]
        return self.device.publish(self.topic, json.dumps(data))

    def push_int(self, value: int) -> bool:
        """`push` an integer, without allocating where it is below 2**30."""
        at = self._begin()
        return at > 0 and self._end(self._put(at, value))

    def push_ints(self, values) -> bool:
        """`push` integers, a list or an array of them, without allocating below 2**30."""
        at = self._begin()
        if at:
            for i in range(len(values)):
                at = self._put(at, values[i])
        return at > 0 and self._end(at)

    # A PUBLISH at QoS 0, made where it is sent from; its fixed header ends at 3.

    def _begin(self) -> int:
        """Where the values begin; 0 when they cannot be sent now."""
        device = self.device
        if device.tx.end and self:
            device.push()
        if not self or device.tx.end:
            return 0
        device._session.put(b"")  # tx has no longer what was published last
        data = device.tx.data
        n = len(self.topic)
        copy_into(data, 5, self.topic, n)
        data[3] = n >> 8
        data[4] = n & 255
        data[5 + n] = 91
        return 6 + n

    def _put(self, at: int, value: int) -> int:
        """Write a value and a comma; returns where they end."""
        data = self.device.tx.data
        if value < 0:
            data[at] = 45
            at += 1
            value = -value
        end = _count(at, value)
        if end >= self.device.tx.limit:
            raise TooLarge("these values do not fit in tx_size")
        data[end] = 44
        at = end
        while value or at == end:
            at -= 1
            data[at] = 48 + value % 10
            value //= 10
        return end + 1

    def _end(self, at: int) -> bool:
        tx = self.device.tx
        if tx.data[at - 1] != 44:
            at += 1
        tx.data[at - 1] = 93
        n = at - 3
        tx.start = n < 128
        tx.data[tx.start] = 0x30
        tx.data[1 + tx.start] = n if n < 128 else n & 127 | 128
        if n > 127:
            tx.data[2] = n >> 7
        return self.device.send(at)


def _count(at: int, value: int) -> int:
    """Where a number ends that begins there."""
    at += 1
    while value > 9:
        value //= 10
        at += 1
    return at


class Device(Client):
    """One device application at one IoTtalk server.

    ``url``: of the server's HTTP API, ``http://host:9992``. ``model``: its device model there.
    ``idf``, ``odf``: input and output features, each a name or a pair of name and units; the
    attributes of that name are lists of `Feature`, in the same order. ``name``: chosen by the
    server when None; it is known once registered. ``id``: a UUID in any form, or a MAC address;
    None: made once, and kept in the file ``iottalk.id``. ``profile``: more about the device, a
    dict. ``tls``: for ``https`` and ``mqtts``: the file of the servers' authority, or a context
    of `port.tls_context`; None verifies against what the runtime trusts. ``check``: after so many
    seconds the server is asked whether it still knows us (see docs); 0: never. ``options``: see
    `motelink.mqtt.Client`.

    Handlers, all optional, are attributes: ``on_connect()``, ``on_end(error)``: see
    `motelink.mqtt.Client`; ``on_signal(command, feature)``, at each "CONNECT" and "DISCONNECT"
    that changes something, may refuse with False, or (False, reason). One that raises is logged
    and counted in ``handler_errors``.

    ``rev``: of the registration, None without one. Raises ConfigError.
    """

    on_signal = const(None)
    waits = 0  # for others that connect, too, before we register
    # Without goodbye, so that the broker publishes our last will, and the server knows.
    end = Link.end

    def __init__(
        self,
        url,
        model,
        idf=(),
        odf=(),
        name=None,
        id=None,  # noqa: A002 - the protocol's word
        profile=None,
        tls=None,
        check=300,
        **options,
    ):
        url, host, self.id = _introduced(url, model, id)
        super().__init__(host, self.id, **options)
        self.url = url
        self.tls = url[:5] == "https"  # so that we register when the time is known, not before
        self.profile = {"model": model}
        self.profile.update(profile or {})
        self.name = name
        self.idf = [Feature(self, item) for item in idf]
        self.odf = [Feature(self, item) for item in odf]
        self.rev = None
        self.up = self.down = None  # the control channels
        self.links = 0  # so many there were; a server that knows us links them again
        self.owed = None  # what is to be said when the window has room again
        self.leaving = False
        self.fresh = False  # registered since we were online last
        self.verify = tls
        self.check = check * 1000 // self._tick_ms if check else 1 << 29
        self.ticks = 0
        self.tries = 0  # failures since we were online last

    def deregister(self) -> None:
        """Take leave of the server, which then forgets us; close, and stay closed.

        The loop does the rest: an acknowledgement is waited for, at most two ticks of
        ``answer_ms``, and an HTTP request made. `end` leaves the registration, and its links.
        """
        _seldom("leave", self)

    def failed(self, error: Exception) -> None:
        """Something raised; called by the loop."""
        if isinstance(error, AuthError) and not (self.fresh and self.tries):
            error.final = False  # a new registration may bring what the broker accepts now
            self.rev = None
        self.tries += 1
        super().failed(error)

    def ready(self, events: int) -> None:
        """The socket is ready; called by the loop."""
        super().ready(events)
        if self.owed is not None:
            _seldom("settle", self)

    def accepted(self) -> None:
        """The broker has accepted us."""
        _seldom("online", self)
        super().accepted()

    def deliver(self, message) -> None:
        """The session has read a message."""
        self.messages += 1
        topic = message.topic
        try:
            if topic == self.down:
                _seldom("obey", self, message)
            for feature in self.odf:
                if feature.topic and topic == feature.topic and feature.on_data:
                    feature.on_data(message)
        except Exception as error:
            self._handler_failed(error)

    def _connect(self, now: int) -> None:
        if _seldom("prepare", self):
            super()._connect(ticks_ms())

    def _due(self, now: int) -> None:
        super()._due(now)
        self.ticks += 1
        if self.ticks > 1 and (self.links or self.ticks > self.check):
            _seldom("ask", self)


def _seldom(act: str, *values):
    from motelink import iottalk_control

    try:
        return getattr(iottalk_control, act)(*values)
    finally:
        forget("iottalk_control")


def _introduced(*values):
    from motelink import iottalk_id

    try:
        return iottalk_id.introduce(*values)
    finally:
        forget("iottalk_id")
        forget("iottalk_csm")
