"""The names of umqtt.simple over `motelink.mqtt`: existing code changes one import.

    from motelink.mqtt_simple import MQTTClient

    client = MQTTClient("kettle", "192.0.2.7")
    client.set_callback(lambda topic, message: print(topic, message))
    client.connect()
    client.subscribe(b"home/kettle/set", qos=2)
    while True:
        client.wait_msg()

What is better: QoS 2; nothing waits for ever but `wait_msg` for a message; pings while it waits,
and a broker that does not answer them is found; a `connect` after an error goes on with the
session, its subscriptions included. What is different: messages have the sizes given to the
constructor, larger ones raise TooLarge here, and from the broker are skipped and counted in
``client.oversized``.
"""

from motelink import port
from motelink.errors import ConnectionLost, TimedOut
from motelink.mqtt import Client


class MQTTException(Exception):
    """Refused by the broker; ``args[0]`` is its code: of CONNACK, or 128 of SUBACK."""


class MQTTClient:
    """``keepalive``: seconds, 0 for none. ``ssl``: True, or a context of `port.tls_context`.

    ``rx_size``, ``tx_size``: the largest packet each way, bytes; a buffer of ``rx_size`` and two
    of ``tx_size`` are allocated by the first `connect`. ``answer_ms``: how long an answer may
    take.
    """

    def __init__(
        self,
        client_id,
        server,
        port=0,
        user=None,
        password=None,
        keepalive=0,
        ssl=False,
        rx_size=1024,
        tx_size=1024,
        answer_ms=10000,
    ):
        self.client_id = client_id
        self.server = server
        self.port = port
        self.user = user
        self.pswd = password
        self.keepalive = keepalive
        self.ssl = ssl
        self.cb = None
        self.client = None
        self._sizes = (rx_size, tx_size)
        self._answer_ms = answer_ms
        self._will = None
        self._clean = True
        self._asked = None  # the filter that waits for its answer
        self._granted = 0
        self._heard = 0
        self._raised = None

    @property
    def sock(self):
        """What to poll for reading, or None."""
        return self.client.sock if self.client else None

    def set_callback(self, f) -> None:
        """``f(topic, message)``, both bytes, for each message."""
        self.cb = f

    def set_last_will(self, topic, msg, retain=False, qos=0) -> None:
        """What the broker publishes when we vanish; from the next `connect` on."""
        assert topic
        self._will = (topic, msg, qos, retain)
        self._let_go()

    def connect(self, clean_session=True, timeout=None):
        """Connect; returns whether the broker had kept the session. ``timeout``: seconds for TCP.

        Raises OSError, and MQTTException when the broker refuses.
        """
        if clean_session != self._clean:
            self._let_go()
        self._clean = clean_session
        client = self.client
        if not client:
            client = self.client = self._make(timeout)
        client.reconnect()
        if client.loop and client not in client.loop.clients:
            client.loop.add(client)
        while not client.connected:
            try:
                self._step(1000)
            except OSError as error:
                client.end()
                code = getattr(error, "code", 0)
                if code:
                    raise MQTTException(code)
                raise
        return client.present

    def disconnect(self) -> None:
        """Say goodbye and close."""
        if self.client:
            self.client.end()

    def ping(self) -> None:
        """Send a ping, as is done without being asked where there is a ``keepalive``."""
        self._require()
        self.client.ping()

    def publish(self, topic, msg, retain=False, qos=0) -> None:
        """Publish, and wait: at QoS 0 until it is sent, at QoS 1 and 2 until it is acknowledged.

        Raises OSError; TooLarge for what ``tx_size`` does not hold.
        """
        self._require()
        client = self.client
        end = self._end()
        while not client.publish(topic, msg, qos, retain):
            self._wait(end)
        while client.in_flight if qos else client.tx.end:
            self._wait(end)

    def subscribe(self, topic, qos=0) -> None:
        """Subscribe, and wait for the broker's answer. Raises OSError, MQTTException."""
        assert self.cb is not None, "Subscribe callback is not set"
        self._require()
        self._asked = topic if isinstance(topic, str) else str(topic, "utf-8")
        self.client.subscribe(topic, qos)
        end = self._end()
        while self._asked:
            self._wait(end)
        if self._granted == 128:
            raise MQTTException(128)

    def wait_msg(self) -> None:
        """Wait for one message and give it to the callback, whose errors are raised here."""
        self._require()
        before = self._heard
        while self._heard == before:
            self._step(-1)

    def check_msg(self) -> None:
        """Give one message that is there to the callback; never waits."""
        self._require()
        self._step(0)

    def _make(self, timeout):
        rx_size, tx_size = self._sizes
        client = Client(
            self.server,
            self.client_id,
            self.user,
            self.pswd,
            self.port,
            self.ssl,
            self.keepalive,
            self._clean,
            self._will,
            rx_size=rx_size,
            tx_size=tx_size,
            window=1,
            slot_size=tx_size,
            answer_ms=self._answer_ms,
            connect_ms=int(timeout * 1000) if timeout else 10000,
        )
        client.on_message = self._on_message
        client.on_suback = self._on_suback
        return client

    def _let_go(self) -> None:
        if self.client:
            self.client.end()
            self.client = None

    def _require(self) -> None:
        if not self.client or not self.client.connected:
            raise ConnectionLost("not connected: connect() first")

    def _end(self) -> int:
        return port.ticks_add(port.ticks_ms(), 2 * self._answer_ms)

    def _wait(self, end: int) -> None:
        if port.ticks_diff(end, port.ticks_ms()) <= 0:
            raise TimedOut("the broker does not answer, or does not read")
        self._step(1000)

    def _step(self, ms: int) -> None:
        """One turn; raises what ended the connection, and what the callback raised."""
        client = self.client
        errors = client.errors
        client.step(ms)
        if self._raised:
            error = self._raised
            self._raised = None
            raise error
        if client.errors != errors:
            raise client.last_error

    def _on_message(self, message) -> None:
        self._heard += 1
        self.client.pause()
        try:
            self.cb(message.topic.bytes(), message.bytes())
        except Exception as error:
            self._raised = error

    def _on_suback(self, topic, qos) -> None:
        if topic == self._asked:
            self._asked = None
            self._granted = qos
