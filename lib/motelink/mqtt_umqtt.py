"""`motelink.mqtt`'s face over stock ``umqtt.simple`` (1.1 to 1.6).

    from umqtt.simple import MQTTClient
    from motelink.mqtt_umqtt import Client

    client = Client(MQTTClient("kettle", "192.0.2.7"), keepalive=60)

Its limits stay: QoS 0 and 1, no deadline while it waits, no answer to a ping that can be checked,
and a subscription can only be left by a new connection. `motelink.mqtt` has none of them.
"""

from motelink.mqtt_adapter import Adapter
from motelink.port import ticks_add, ticks_diff, ticks_ms


class Client(Adapter):
    """``keepalive``: seconds between two pings, 0 for none; the client below is to be given twice
    as much, where its version knows the argument."""

    def __init__(self, client, clean=True, poll_ms=100, backoff=None, keepalive=0):
        super().__init__(client, clean, poll_ms, backoff)
        self.keepalive = keepalive
        self._ping_at = 0
        client.set_callback(self._deliver)

    def _open(self):
        present = self.client.connect(self.clean)
        self._ping_at = ticks_add(ticks_ms(), self.keepalive * 1000)
        return present

    def _poll(self) -> None:
        heard = -1
        while heard != self.messages:  # it reads one message a call
            heard = self.messages
            self.client.check_msg()
        now = ticks_ms()
        if self.keepalive and ticks_diff(self._ping_at, now) <= 0:
            self._ping_at = ticks_add(now, self.keepalive * 1000)
            self.client.ping()

    def _send(self, topic, payload, qos: int, retain: bool) -> None:
        # It takes the length of a str for that of its bytes.
        topic = topic.encode() if isinstance(topic, str) else topic
        payload = payload.encode() if isinstance(payload, str) else payload
        self.client.publish(topic, payload, retain, qos)

    def _ask(self, item: str, qos: int) -> int:
        try:
            self.client.subscribe(item.encode(), qos)
        except Exception as error:
            if self._code(error) != 128:
                raise
            return 128
        return qos

    def _unask(self, item: str) -> None:
        self.reconnect()

    def _shut(self) -> None:
        client = self.client
        sock = client.sock
        if sock:
            client.sock = None
            try:
                sock.write(b"\xe0\0")
            finally:
                sock.close()

    def _code(self, error) -> int:
        # MQTTException(code); an OSError has an errno there.
        known = error.args and not isinstance(error, (OSError, AssertionError))
        return error.args[0] if known and isinstance(error.args[0], int) else 0
