"""The face of `motelink.mqtt.Client` over an MQTT client of somebody else's, for those who must
keep theirs: `motelink.mqtt_umqtt`, `motelink.mqtt_minimqtt`.

It reconnects, subscribes again and keeps errors in one tree; what the client below cannot do, it
cannot add: ``max_qos`` is 1, every call allocates and may block, and a QoS 1 message that is not
acknowledged when the connection breaks is not sent again.
"""

from motelink.backoff import Backoff
from motelink.errors import AuthError, ConnectionLost, LinkError
from motelink.loop import Loop
from motelink.mqtt_inbound import received
from motelink.port import ticks_add, ticks_ms


class Adapter:
    """``client``: the client below, not connected. ``clean``: whether it begins a clean session.
    ``poll_ms``: how often it is asked for messages, as nothing tells when there are some.

    Handlers and counters are those of `motelink.mqtt.Client`, but for large messages, which the
    client below allocates. Subclasses give ``_open() -> bool``, ``_poll()``, ``_send(topic,
    payload, qos, retain)``, ``_ask(filter, qos)``, ``_unask(filter)``, ``_shut()`` and
    ``_code(error)``, the broker's reason when it was one.
    """

    max_qos = 1

    def __init__(self, client, clean=True, poll_ms=100, backoff=None):
        self.client = client
        self.clean = clean
        self.poll_ms = poll_ms
        self.backoff = backoff or Backoff()
        self.on_connect = None
        self.on_message = None
        self.on_end = None
        self.on_suback = None
        self.connected = False
        self.present = False
        self.messages = 0
        self.connects = 0
        self.errors = 0
        self.handler_errors = 0
        self.last_error = None
        # What the loop looks at: there is no socket to watch, only time.
        self.loop = None
        self.sock = None
        self.deadline = ticks_ms()
        self._filters: dict = {}
        self._message = received(bytearray())

    def publish(self, topic, payload, qos=0, retain=False) -> bool:
        """Send a message, and at QoS 1 wait for its acknowledgement. False when not connected, or
        when the connection breaks. Raises ValueError for a QoS above ``max_qos``."""
        if qos > self.max_qos:
            raise ValueError("qos=%d, but max_qos=%d with this client" % (qos, self.max_qos))
        if self.connected:
            try:
                self._send(topic, payload, qos, bool(retain))
            except Exception as error:
                self.failed(error)
        return self.connected

    def subscribe(self, filters, qos: int = 0) -> None:
        """Subscribe to a topic filter or a list of them, now and after each reconnect."""
        if qos > self.max_qos:
            raise ValueError("qos=%d, but max_qos=%d with this client" % (qos, self.max_qos))
        for item in [filters] if isinstance(filters, (str, bytes)) else filters:
            item = item if isinstance(item, str) else str(item, "utf-8")
            self._filters[item] = qos
            self._try(self._subscribe, item)

    def unsubscribe(self, filters) -> None:
        """Unsubscribe from a topic filter or a list of them."""
        for item in [filters] if isinstance(filters, (str, bytes)) else filters:
            item = item if isinstance(item, str) else str(item, "utf-8")
            if self._filters.pop(item, None) is not None:
                self._try(self._unask, item)

    def step(self, ms: int = 0) -> None:
        """One turn of this client's loop, made for it alone if it has none; waits up to ``ms``."""
        if not self.loop:
            Loop().add(self)
        self.loop.step(ms)

    def run(self) -> None:
        """Run this client alone until `end`. Raises what ended it, when that is final."""
        self.step()
        self.loop.run()

    def end(self, error=None) -> None:
        """Take leave of the broker, close, and stay closed."""
        self._drop(error)
        if self.loop:
            self.loop.remove(self)

    def reconnect(self) -> None:
        """Close the connection, if there is one, and connect again at once."""
        self._drop(None)
        self.deadline = ticks_ms()

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        if self.connected:
            self._poll()
        else:
            self.present = bool(self._open())
            self.connects += 1
            for item in self._filters:
                self._subscribe(item)
            self.connected = True
            self.backoff.reset()
            self._call(self.on_connect)
        self.deadline = ticks_add(ticks_ms(), self.poll_ms)

    def ready(self, events: int) -> None:
        """There is no socket to become ready."""

    def failed(self, error: Exception) -> None:
        """Something raised: close, report, and back off; or end, if the error is final."""
        if not isinstance(error, LinkError):
            code = self._code(error)
            kind = AuthError if code in (1, 2, 4, 5) else ConnectionLost
            error = kind("%s: %s" % (type(error).__name__, error))
        self.errors += 1
        self.last_error = error
        self.deadline = ticks_add(ticks_ms(), self.backoff.next())
        if error.final:
            if self.loop:
                self.loop.error = error
            self.end(error)
        else:
            self._drop(error)

    def _subscribe(self, item: str) -> None:
        granted = self._ask(item, self._filters[item])
        self._call(self.on_suback, item, granted)

    def _deliver(self, topic, payload) -> None:
        """The client below has a message."""
        message = self._message
        for view, data in ((message, payload), (message.topic, topic)):
            view.data = bytearray(data.encode() if isinstance(data, str) else data)
            view.start = 0
            view.end = len(view.data)
        self.messages += 1
        self._call(self.on_message, message)

    def _drop(self, error) -> None:
        was = self.connected
        self.connected = False
        try:
            self._shut()
        except Exception:
            pass  # it was broken already
        if was:
            self._call(self.on_end, error)

    def _try(self, action, item: str) -> None:
        if self.connected:
            try:
                action(item)
            except Exception as error:
                self.failed(error)

    def _call(self, handler, *values) -> None:
        if handler:
            try:
                handler(*values)
            except Exception as error:
                from motelink import log

                self.handler_errors += 1
                log.exception(error, self)
