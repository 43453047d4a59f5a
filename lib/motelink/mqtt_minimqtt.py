"""`motelink.mqtt`'s face over ``adafruit_minimqtt`` (7 and 8), for CircuitPython.

    from adafruit_minimqtt.adafruit_minimqtt import MQTT
    from motelink.mqtt_minimqtt import Client

    below = MQTT(broker="192.0.2.7", client_id="kettle", socket_pool=pool, socket_timeout=0.05,
                 connect_retries=1, use_binary_mode=True)
    client = Client(below)

Its limits stay: QoS 0 and 1, and each turn blocks for its ``socket_timeout`` at least, so give it
a short one. ``connect_retries=1`` leaves reconnecting to us; without ``use_binary_mode`` a payload
that is not UTF-8 ends the connection.
"""

from motelink.mqtt_adapter import Adapter


class Client(Adapter):
    """See `Adapter`; ``client`` has its keepalive itself."""

    def __init__(self, client, clean=True, poll_ms=100, backoff=None):
        super().__init__(client, clean, poll_ms, backoff)
        client.on_message = self._on_message

    def _on_message(self, client, topic, payload) -> None:
        self._deliver(topic, payload)

    def _open(self):
        # A session id, because its connections to one host are one otherwise.
        client = self.client
        return client.connect(clean_session=self.clean, session_id=client.client_id)

    def _poll(self) -> None:
        heard = -1
        while heard != self.messages:
            heard = self.messages
            self.client.loop(timeout=self.client._socket_timeout)

    def _send(self, topic, payload, qos: int, retain: bool) -> None:
        topic = topic if isinstance(topic, str) else str(topic, "utf-8")
        payload = payload if isinstance(payload, str) else bytes(payload)
        self.client.publish(topic, payload, retain=retain, qos=qos)

    def _ask(self, item: str, qos: int) -> int:
        try:
            self.client.subscribe(item, qos)
        except Exception as error:
            if "SUBACK Failure" not in str(error):
                raise
            return 128
        return qos

    def _unask(self, item: str) -> None:
        self.client.unsubscribe(item)

    def _shut(self) -> None:
        if self.client.is_connected():
            self.client.disconnect()

    def _code(self, error) -> int:
        return getattr(error, "code", 0) or 0
