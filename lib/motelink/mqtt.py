"""MQTT 3.1.1 with QoS 0, 1 and 2, reconnecting, on fixed buffers.

    from motelink.mqtt import Client

    client = Client("192.0.2.7", "kettle")
    client.subscribe("home/kettle/set", 1)
    client.on_message = lambda message: print(message.topic.text(), message.int())
    client.on_connect = lambda: client.publish("home/kettle", "on", qos=1, retain=True)
    client.run()

Steady state (publishing and receiving at every QoS, acknowledgements, pings) allocates nothing.
"""

from motelink.link import Link
from motelink.mqtt_inbound import prepared  # noqa: F401
from motelink.mqtt_session import Session
from motelink.port import collect, const, forget, ticks_add, ticks_ms

_IN = const(1)
_OUT = const(4)
_IN_OUT = const(5)
_OPEN = const(3)  # Link's
_NEVER = const(1 << 29)
_RESERVE = const(8)  # as in mqtt_inbound

collect()  # what importing leaves: nothing that stays is to lie behind it


class Client(Link):
    """One session with one broker.

    ``client_id``, ``user``, ``password``: str or bytes. ``port``: 1883, or 8883 with ``tls``.
    ``keepalive``: seconds; a ping goes out, and must be answered, after three quarters of it;
    0: none. ``clean``: False asks the broker to keep the session while we are away, which QoS 2
    needs to be exact over a reconnect. ``will``: (topic, payload, qos, retain).

    Bytes allocated: ``rx_size`` and ``tx_size``, a packet each; ``window`` slots, for messages at
    QoS 1 and 2 that are not acknowledged, of ``slot_size`` each; 2 for each of ``ids``, messages
    at QoS 2 that the broker may begin to send before it ends one. ``answer_ms``: after one to
    two times so long without an acknowledgement, a SUBACK, or an answer to a ping, the connection
    is lost. ``tls``, ``backoff``, ``connect_ms``: see `Link`.

    Handlers, all optional, are attributes: ``on_connect()``, at every CONNACK, ``present`` says
    whether the broker has kept the session; ``on_message(message)``, with what
    `mqtt_inbound.received` makes, valid during the call; ``on_end(error)``, None when the user
    ended it; ``on_suback(filter, qos)``, for each filter, 128 when it is refused;
    ``on_chunk(message, at, total)``, for messages larger than ``rx_size`` in pieces,
    ``message.topic`` only where ``at`` is 0; ``on_oversize(size)``, after such a message. A
    handler that raises is logged and counted in ``handler_errors``.

    ``publish(topic, payload, qos=0, retain=False)``: see `Session.publish`. ``connected``: whether
    the broker has accepted us, and nothing since says otherwise; ``in_flight``: how many messages
    wait for their acknowledgement. Counters: ``messages``, ``oversized``, and those of `Link`.
    Raises ConfigError.
    """

    # In the class, so that those in use alone take room in the client. (const: of any type.)
    on_connect = const(None)
    on_message = const(None)
    on_end = const(None)
    on_suback = const(None)
    on_chunk = const(None)
    on_oversize = const(None)

    def __init__(
        self,
        host,
        client_id,
        user=None,
        password=None,
        port=0,
        tls=False,
        keepalive=60,
        clean=True,
        will=None,
        rx_size=512,
        tx_size=512,
        window=4,
        slot_size=256,
        ids=32,
        answer_ms=10000,
        backoff=None,
        connect_ms=10000,
    ):
        port = port or (8883 if tls else 1883)
        super().__init__(host, port, rx_size, tx_size + _RESERVE, tls, backoff, connect_ms)
        self.messages = 0
        self.oversized = 0
        # The session keeps them. (No properties: a class that has one looks through its bases
        # whenever any attribute is set.)
        self.connected = self.present = False
        self.in_flight = 0
        ping_ms = keepalive * 750 or _NEVER
        self.answer_ms = answer_ms
        self._tick_ms = min(answer_ms, ping_ms)
        self.ping_ticks = ping_ms // self._tick_ms
        self._session = session = Session(self, window, slot_size, ids, clean)
        self._received = session.received
        self.publish = session.publish
        self.keepalive = keepalive
        from motelink import mqtt_build

        mqtt_build.check(rx_size, tx_size, slot_size)
        self.introduce(client_id, user, password, will)

    def introduce(self, client_id, user=None, password=None, will=None) -> None:
        """What CONNECT says of us, from the next connection on; see the constructor. Allocates.
        Raises ConfigError."""
        from motelink import mqtt_build

        self._hello = mqtt_build.connect(self, client_id, user, password, will)
        forget("mqtt_build")

    def subscribe(self, filters, qos: int = 0) -> None:
        """Subscribe to a topic filter or a list of them, now and after each reconnect.

        ``on_suback`` hears what the broker says. Allocates. Raises ValueError.
        """
        from motelink import mqtt_build

        mqtt_build.request(self, filters, qos)
        forget("mqtt_build")

    def unsubscribe(self, filters) -> None:
        """Unsubscribe from a topic filter or a list of them. Allocates. Raises ValueError."""
        from motelink import mqtt_build

        mqtt_build.request(self, filters, None)
        forget("mqtt_build")

    def ping(self) -> None:
        """Send a PINGREQ now; the loop sends those of ``keepalive`` by itself."""
        self._session.put(b"\xc0\0")
        self.push()

    def pause(self) -> None:
        """In a handler: what else has come is for the next turn of the loop."""
        self._session.blocked = True

    def end(self, error=None) -> None:
        """Take leave of the broker, which then drops the will; close, and stay closed."""
        if self.connected and not error and not self.tx.end:
            self.tx.put(b"\xe0\0")
            self.push()
        super().end(error)

    def ready(self, events: int) -> None:
        """The socket is ready; called by the loop."""
        session = self._session
        if self.state != _OPEN:
            super().ready(events)
        else:
            if events & _OUT and (not self.tx.end or self.flush()):
                self.loop.poll.modify(self.sock, _IN)
                if session.blocked:
                    session.resume()
            if events != _OUT and (not session.blocked or events > _IN_OUT) and self.fill():
                session.received()
            if self.tx.end:
                self.send_on()
        if session.blocked:
            self.loop.poll.modify(self.sock, _OUT)

    def push(self) -> None:
        """Send what is in ``tx``; an error closes the connection."""
        try:
            self.send_on()
        except OSError as error:
            self.failed(error)

    def send(self, n: int) -> bool:
        """Send ``tx.data[tx.start:n]``, where ``tx`` is empty; whether the connection still is."""
        self.tx.end = n
        self.push()
        return self.connected

    def accepted(self) -> None:
        """The session is open, and what it owed is sent."""
        self.deadline = ticks_add(ticks_ms(), self._tick_ms)
        self._call(self.on_connect)

    def deliver(self, message) -> None:
        """The session has read a message."""
        self.messages += 1
        if self.on_message:
            try:
                self.on_message(message)
            except Exception as error:
                self._handler_failed(error)

    def chunk(self, message, at: int, total: int) -> None:
        """The session has read a piece of a message that is larger than ``rx``."""
        self._call(self.on_chunk, message, at, total)

    def oversize(self, size: int) -> None:
        """That was the last piece of it: ``size`` bytes in all."""
        self.oversized += 1
        self._call(self.on_oversize, size)

    def granted(self, name: bytes, code: int) -> None:
        """The broker has answered a SUBSCRIBE to this filter."""
        self._call(self.on_suback, str(name, "utf-8"), code)

    def _greet(self) -> None:
        self.tx.put(self._hello)

    def _opened(self, now: int) -> None:
        self._session.opened(self._secure)
        self.deadline = ticks_add(now, self.answer_ms)

    def _due(self, now: int) -> None:
        self._session.tick(self.ping_ticks)
        self.deadline = ticks_add(now, self._tick_ms)
        if self.tx.end:
            self.send_on()

    def _closed(self, error) -> None:
        self._session.closed()
        self._call(self.on_end, error)
