"""An IoTtalk v2 device application: registered over HTTP, then controlled and fed over MQTT.

    from motelink.iottalk import Device

    device = Device("http://192.0.2.5:9992", "Kettle", ["Celsius-I"], ["Heater-O"])
    celsius = device.idf[0]
    device.odf[0].on_data = lambda message: heat(message.json())
    while True:
        device.step(1000)
        celsius.push_int(read())

Steady state (pushing ints, receiving data, keepalive) allocates nothing. What happens seldom
(registration, links that come and go) allocates, and its code is loaded for the occasion.
"""

import json

from motelink.errors import AuthError, ConnectionLost, TooLarge
from motelink.link import Link
from motelink.mqtt import Client
from motelink.port import const, copy_into, forget, ticks_ms

# Connections in a row that came to nothing; then the server is asked where its broker is now.
_TRIES = const(8)
_OWED = const(32)  # answers that wait for the window


class Feature:
    """One device feature. ``name``; ``units``: a list, one for each dimension, or None.

    ``on_data(message)``: of an output feature, is given each `Received`, valid during the call:
    a JSON array, from some servers a bare value (`motelink.iottalk_data` reads both).
    """

    on_data = const(None)

    def __init__(self, device, item):
        self.device = device
        self.name = item if isinstance(item, str) else item[0]
        self.units = None if isinstance(item, str) else item[1]
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
        """Where the values begin; 0 when it cannot be sent now."""
        device = self.device
        if not self:
            return 0
        if device.tx.end:
            device.push()
            if not self or device.tx.end:
                return 0
        return self._head(device.tx.data, len(self.topic))

    def _head(self, data, n: int) -> int:
        self.device._session.put(b"")  # tx has no longer what was published last
        copy_into(data, 5, self.topic, n)
        data[3] = n >> 8
        data[4] = n & 255
        data[5 + n] = 91
        return 6 + n

    def _put(self, at: int, value: int) -> int:
        data = self.device.tx.data
        if value < 0:
            data[at] = 45
            at += 1
            value = -value
        at += _digits(value)
        if at >= self.device.tx.limit:
            raise TooLarge("these values do not fit in tx_size")
        return _write(data, at, value)

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


def _digits(value: int) -> int:
    n = 1
    while value > 9:
        value //= 10
        n += 1
    return n


def _write(data, end: int, value: int) -> int:
    """Write digits that end there, and a comma behind them."""
    data[end] = 44
    at = end
    while value or at == end:
        at -= 1
        data[at] = 48 + value % 10
        value //= 10
    return end + 1


class Device(Client):
    """One device application at one IoTtalk server.

    ``url``: of the server's HTTP API, ``http://host:9992``. ``model``: its device model there.
    ``idf``, ``odf``: input and output features, each a name or a pair of name and units; the
    attributes of that name are lists of `Feature`, in the same order. ``name``: chosen by the
    server when None; it is known once registered. ``id``: a UUID in any form, or a MAC address;
    None: made once, and kept in the file ``iottalk.id``. ``profile``: more about the device, a
    dict. ``tls``: for a broker at ``mqtts``: a context of `port.tls_context`, else one that
    verifies against what the runtime trusts. ``check``: every so many seconds the server is asked
    whether it still knows us (see docs); 0: never. ``slot_size``, ``options``: see
    `motelink.mqtt.Client`.

    Handlers, all optional, are attributes: ``on_connect()``, ``on_end(error)``: see
    `motelink.mqtt.Client`; ``on_signal(command, feature)``, at each "CONNECT" and "DISCONNECT"
    that changes something, may refuse with False, or (False, reason). One that raises is logged
    and counted in ``handler_errors``.

    ``rev``: of the registration, None without one. Raises ConfigError.
    """

    on_signal = const(None)

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
        slot_size=256,
        **options,
    ):
        from motelink import iottalk_csm

        self.url, host, self.id = iottalk_csm.introduce(url, model, id)
        forget("iottalk_csm")
        super().__init__(host, self.id, slot_size=slot_size, **options)
        self.profile = {"model": model}
        self.profile.update(profile or {})
        self.name = name
        self.idf = [Feature(self, item) for item in idf]
        self.odf = [Feature(self, item) for item in odf]
        self.rev = None
        self.up = self.down = None  # the control channels
        self.links = 0  # so many there were; a server that knows us links them again
        self.leaving = False
        self.fresh = False  # registered since we were online last
        self.verify = tls
        self._slot_size = slot_size
        self._check = check * 1000 // self._tick_ms + 1 if check else 0
        self._ticks = 0
        self._tries = 0
        self._owed = []  # what is to be said, when the window has room again

    def deregister(self) -> None:
        """Take leave of the server, which then forgets us; close, and stay closed.

        What `run` or `step` do next: wait for an acknowledgement, at most two ticks, and one HTTP
        request. `end` leaves the registration, and its links, as they are.
        """
        self.leaving = True
        if self.connected:
            self.say(self.status("offline"), True)
        else:
            self._leave()

    def end(self, error=None) -> None:
        """Close the connection and stay closed. The broker then publishes our last will."""
        if self.leaving:
            super().end(error)
        else:
            Link.end(self, error)

    def failed(self, error: Exception) -> None:
        """Something raised; called by the loop."""
        if not self.connected:
            self._tries += 1
            # Since we registered, credentials or the broker's address may have changed.
            if isinstance(error, AuthError) and not self.fresh:
                error = ConnectionLost(str(error))
                self.rev = None
            elif self._tries % _TRIES == 0:
                self.rev = None
        super().failed(error)

    def ready(self, events: int) -> None:
        """The socket is ready; called by the loop."""
        super().ready(events)
        if self._owed or self.leaving:
            self._settle()

    def accepted(self) -> None:
        """The broker has accepted us."""
        self._owed = []
        self._ticks = self._tries = 0
        self.fresh = False
        self.say(self.status("online"), True)
        super().accepted()

    def deliver(self, message) -> None:
        """The session has read a message."""
        self.messages += 1
        topic = message.topic
        try:
            if topic == self.down:
                from motelink import iottalk_control

                iottalk_control.obey(self, message)
                forget("iottalk_control")
            for feature in self.odf:
                if feature.topic and topic == feature.topic and feature.on_data:
                    feature.on_data(message)
        except Exception as error:
            self._handler_failed(error)

    def granted(self, item: bytes, code: int) -> None:
        """The broker has answered a SUBSCRIBE to this filter."""
        if code == 128 and item == self.down:
            raise ConnectionLost("%s: refused us our control channel" % self)
        super().granted(item, code)

    def status(self, word: str) -> str:
        """The message "online" or "offline"."""
        return json.dumps({"state": word, "rev": self.rev})

    def say(self, text: str, retain: bool = False) -> None:
        """Publish on the control channel, at QoS 2; later, when the window is full now."""
        data = text.encode()
        if len(self.up) + len(data) + 9 > self._slot_size:
            raise TooLarge("%d bytes to the server do not fit in slot_size" % len(data))
        if self._owed or not self.publish(self.up, data, 2, retain):
            self._owed = self._owed[:_OWED]
            self._owed.append((data, retain))

    def _settle(self) -> None:
        while self._owed and self.publish(self.up, self._owed[0][0], 2, self._owed[0][1]):
            self._owed.pop(0)
        if self.leaving and not self._owed and not self.in_flight:
            self._leave()

    def _leave(self) -> None:
        if self.rev:
            from motelink import iottalk_csm

            iottalk_csm.deregister(self)
            forget("iottalk_csm")
        self.end()

    def _connect(self, now: int) -> None:
        if self.leaving:
            self._leave()
            return
        self._unlink()
        if not self.rev:
            from motelink import iottalk_csm

            try:
                iottalk_csm.register(self)
            finally:
                forget("iottalk_csm")
        super()._connect(ticks_ms())

    def _unlink(self) -> None:
        """The server links us again, as things are then, once we are online."""
        linked = [feature for feature in self.idf + self.odf if feature.topic]
        self.links = len(linked) or self.links
        for feature in linked:
            if feature in self.odf:
                self.unsubscribe(feature.topic)
            feature.topic = None

    def _due(self, now: int) -> None:
        super()._due(now)
        self._ticks += 1
        if self.leaving:
            if self._ticks > 1:
                self._leave()
        elif self.links and self._ticks > 1:
            self.rev = None
            raise ConnectionLost("%s: the server has forgotten our links" % self)
        elif self._check and self._ticks >= self._check and self.connected:
            self._ask()

    def _ask(self) -> None:
        """Does the server still know us? Then it links us again."""
        self._ticks = 0
        self.links = len([feature for feature in self.idf + self.odf if feature.topic])
        if self.links:
            self.say(self.status("online"), True)
        else:
            self.rev = None
            self.reconnect()
