"""A Losant device: its state out, commands in, over MQTT.

    from motelink.losant import Device

    device = Device("my-device-id", "my-app-access-key", "my-app-access-secret", ca="ca.der")
    device.add_event_observer("command", lambda device, command: print(command["name"]))
    device.add_event_observer("connect", lambda device: device.send_state({"celsius": 21.5}))
    device.connect()

Numbers are sent without allocating by `motelink.losant_state`.
"""

from motelink import port
from motelink.errors import ConfigError, ProtocolError, TooLarge
from motelink.loop import Loop
from motelink.mqtt import Client, prepared

const = port.const

_KEEPALIVE_S = const(15)
_MOST = const(262144)  # bytes of a payload that the platform takes: 256 KB
_AROUND = const(7)  # bytes of a packet besides topic and payload, at most


def granted(name: str, qos: int) -> None:
    """The broker has answered our subscription; told by the client."""
    if qos > 2:
        raise ProtocolError("the broker refuses %s" % name)


class Device:
    """One device, and its connection ``client``, a `motelink.mqtt.Client`: ``loop.add(client)``
    runs it among others.

    ``transport``: "tcp", or "websockets": ports 80 and 443 instead of 1883 and 8883, for networks
    that let nothing else through. ``secure``: TLS, verified against ``ca`` (`port.tls_context`; a
    board has no store of its own and needs it); a context of `port.tls_context`; or False.
    ``host``: a broker other than
    ``mqtt_endpoint``. ``clock``: a `motelink.clock.Clock` for states without a time; the RTC
    without one. ``rx_size`` and ``tx_size`` (bytes, allocated here) bound a command and a state
    with their topic and 7 more; other ``options``, ``port`` among them, are the client's.

    ``on_message(message)`` hears each message as it came, a view valid during the call, before
    the observers do. ``malformed`` counts commands that are none; ``limit``: bytes of a state's
    payload. Raises ConfigError.
    """

    mqtt_endpoint = "broker.losant.com"
    on_message = const(None)

    def __init__(
        self,
        device_id,
        key,
        secret,
        secure=True,
        transport="tcp",
        host=None,
        ca=None,
        clock=None,
        rx_size=1024,
        tx_size=1024,
        **options,
    ):
        from motelink.mqtt_inbound import is_topic

        kind = Client
        if transport != "tcp":
            from motelink import losant_websockets

            kind = losant_websockets.client(transport, secure, options)
            port.forget("losant_websockets")
        level = device_id.encode() if isinstance(device_id, str) and "/" not in device_id else b""
        if not is_topic(level, 0, len(level)):
            raise ConfigError("expected a device id, got %r" % (device_id,))
        # A bytearray: of such a topic the session keeps no packet to put the next payload into,
        # which CPython could not do with a view.
        self._topic = bytearray(prepared("losant/%s/state" % device_id))
        self._commands = prepared("losant/%s/command" % device_id)
        if secure and ca:
            secure = ca
        # Losant knows no QoS 2, and states are sent at QoS 0.
        for name in ("window", "ids"):
            options.setdefault(name, 0)
        options.setdefault("slot_size", tx_size)
        options.setdefault("keepalive", _KEEPALIVE_S)
        self.client = client = kind(
            host or self.mqtt_endpoint,
            device_id,
            key,
            secret,
            tls=secure,
            rx_size=rx_size,
            tx_size=tx_size,
            **options,
        )
        self.limit = min(_MOST, tx_size - len(self._topic) - _AROUND)
        self._observers: dict = {"connect": (), "reconnect": (), "close": (), "command": ()}
        self._event = "connect"
        self._blocking = False
        self.clock = clock
        self.malformed = 0
        client.on_connect = self.accepted
        client.on_message = self._received
        client.on_suback = granted
        client.subscribe(self._commands)

    def connect(self, blocking: bool = True) -> None:
        """Connect, and reconnect whenever the connection is lost.

        Blocking: until `close`, which an observer calls; raises AuthError or another final error.
        Otherwise `loop` does the work. Nothing happens on a device that is running already.
        """
        client = self.client
        if not self._going():
            client.last_error = None
            client.reconnect()
            Loop().add(client)
            self._event = "connect"
            if blocking:
                self._blocking = True
                try:
                    client.loop.run()
                finally:
                    self._blocking = False

    def loop(self, timeout=1) -> None:
        """Network activity for at most ``timeout`` seconds, less as soon as there was some. Only
        after ``connect(blocking=False)``. Raises AuthError or another final error."""
        if self._blocking:
            raise ConfigError("loop() is not for a device that is connected in blocking mode")
        if self._going():
            self.client.step(int(timeout * 1000))
        error = self.client.last_error
        if getattr(error, "final", False):
            raise error

    def is_connected(self) -> bool:
        """Whether the platform has accepted us, and nothing since says otherwise."""
        return self.client.connected

    def close(self) -> None:
        """Close the connection and stay closed; `connect` begins again."""
        if self._going():
            self.client.end()
            self._call("close")

    def send_state(self, state: dict, time_like=None) -> bool:
        """Report attributes. True when the connection has taken them; False when there is none,
        or while it takes nothing. Numbers that JSON does not have (nan) are sent as null.

        ``time_like``: when they were measured: milliseconds since 1970, a datetime, or a tuple
        of local time as `time.localtime` makes it. None: now, or, while the clock is not set, on
        arrival. Allocates. Raises TooLarge, TypeError.
        """
        from motelink import losant_json

        return self.publish(losant_json.state(state, time_like, self.clock))

    def publish(self, payload) -> bool:
        """Send a state that is JSON already: bytes, or a view. Allocates nothing. Raises
        TooLarge."""
        if len(payload) > self.limit:
            raise TooLarge("a state of %d bytes, at most %d" % (len(payload), self.limit))
        return self.client.publish(self._topic, payload)

    def add_event_observer(self, event_name: str, observer) -> None:
        """Call ``observer(device)`` at "connect", "reconnect" or "close", ``observer(device,
        command)`` at "command". One that raises is logged and counted in
        ``client.handler_errors``. Raises KeyError for another event."""
        self._observers[event_name] += (observer,)

    def remove_event_observer(self, event_name: str, observer) -> None:
        """The opposite. Raises KeyError, or ValueError for one that was not added."""
        left = list(self._observers[event_name])
        left.remove(observer)
        self._observers[event_name] = tuple(left)

    def _going(self) -> bool:
        loop = self.client.loop
        return bool(loop) and self.client in loop.clients

    def accepted(self) -> None:
        """The broker has accepted us; told by the client."""
        event = self._event
        self._event = "reconnect"
        self._call(event)

    def _received(self, message) -> None:
        if self.on_message:
            self.on_message(message)
        if self._observers["command"] and len(message) and message.topic == self._commands:
            from motelink import log, losant_json

            try:
                command = losant_json.command(message)
            except Exception as error:
                self.malformed += 1
                log.warning("%s: not a command: %s", self.client, error)
            else:
                self._call("command", command)

    def _call(self, event: str, *values) -> None:
        for observer in self._observers[event]:
            try:
                observer(self, *values)
            except Exception as error:
                from motelink import log

                self.client.handler_errors += 1
                log.exception(error, self.client)
