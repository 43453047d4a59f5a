"""The device side of iot-manager: answers getinfo and heartbeats over TCP or TLS.

    from motelink.manager import Client

    client = Client("192.0.2.7", uuid, "kettle", {"room": "kitchen"})
    client.on_message = lambda message: print(message.text())
    client.run()

Steady state (heartbeat, getinfo with static data, receiving, sending) allocates nothing.
"""

from motelink.errors import ConnectionLost, ProtocolError, TimedOut
from motelink.link import Link
from motelink.port import const, forget, ticks_add

_END = const(3)
_ANSWER_MS = const(15000)  # as long as the server waits for us
_FOR_EVER_MS = const(1 << 28)
# Bytes of the send buffer that no message takes: a heartbeat can always be answered.
_SPARE = const(4)


class Client(Link):
    """One device at one Manager.

    ``uuid``: 36 characters, canonical (`motelink.identity.board_uuid` makes one). ``type``: one
    of the server's valid types. ``data``: a dict, or a function that is given a
    `motelink.jsonw.JsonWriter` with an object begun, at each getinfo, and writes fresh pairs.
    ``framing``: "raw" (the documented dialect, the default), "terminated" or "length".
    ``rx_size``, ``tx_size``: bytes of the two buffers, all that is allocated for data.
    ``silence_ms``: a server that says nothing for one to two times so long is lost; its
    heartbeats come every 60 s by default. 0 waits for ever. ``tls``, ``backoff``,
    ``connect_ms``: see `Link`.

    Handlers, all optional, are attributes: ``on_connect()``, when the server knows us;
    ``on_message(message)``, with a `Message` that is valid during the call; ``on_end(error)``,
    None when the user ended it; ``on_chunk(message, at, total)``, for messages larger than
    ``rx_size`` in pieces (``total`` is -1 while unknown); ``on_oversize(size)``, after such a
    message; ``on_getinfo()``, before it is answered: the moment for `set_data`. A handler that
    raises is logged and counted in ``handler_errors``.

    ``connected``; ``beats``, ``messages``, ``oversized``: counters. Raises ConfigError for
    anything the protocol cannot carry.
    """

    # In the class, so that those in use alone take room in the client. (const: of any type.)
    on_connect = const(None)
    on_message = const(None)
    on_end = const(None)
    on_chunk = const(None)
    on_oversize = const(None)
    on_getinfo = const(None)

    def __init__(
        self,
        host,
        uuid,
        type,  # noqa: A002 - the protocol's word
        data,
        port=8595,
        framing="raw",
        tls=False,
        rx_size=512,
        tx_size=512,
        silence_ms=150000,
        backoff=None,
        connect_ms=10000,
    ) -> None:
        super().__init__(host, port, rx_size, tx_size, tls, backoff, connect_ms)
        self.connected = self.heard = False
        self.beats = self.messages = self.oversized = 0
        self.silence_ms = silence_ms or _FOR_EVER_MS
        from motelink import manager_info

        manager_info.make(self, framing, uuid, type, data)
        forget("manager_info")

    def send(self, data) -> bool:
        """Send one application message: bytes, or a str (sent as UTF-8, which allocates).

        Returns whether it was taken: False while not connected, or while the send buffer has no
        room for it. Raises ValueError for a message that the dialect cannot carry or that can
        never fit. Allocates nothing for bytes.
        """
        if isinstance(data, str):
            data = data.encode()
        framing = self._framing
        framing.check(data)
        tx = self.tx
        n = len(data) + framing.overhead + _SPARE
        if n > tx.limit:
            raise ValueError("a message takes %d bytes, tx_size=%d" % (n, tx.limit))
        if not self.connected or n > tx.room():
            return False
        try:
            framing.put(data)
            if tx.end:
                self.send_on()
        except OSError as error:
            self.failed(error)
        return self.connected

    def set_data(self, data: dict) -> None:
        """Answer getinfo with these data from now on. Allocates. Raises ConfigError."""
        from motelink import manager_info

        room = self.tx.limit - self._framing.overhead
        self._info = manager_info.changed(self._info, data, room)
        forget("manager_info")

    def command(self, command: int) -> None:
        """The framing has read getinfo or end."""
        if command == _END:
            raise ConnectionLost("%s: ended by the server" % self)
        self._call(self.on_getinfo)
        if self._data:
            from motelink import manager_live

            manager_live.write_info(self.tx, self._framing, self._info, self._data)
        else:
            self._framing.put(self._info)
        if not self.connected:
            self.connected = True
            self._call(self.on_connect)

    def deliver(self, start: int, end: int) -> None:
        """The framing has read an application message: ``rx.data[start:end]``."""
        if not self.connected:
            raise ProtocolError("%s: expected getinfo, got a message" % self)
        self.messages += 1
        message = self._message
        message.start = start
        message.end = end
        if self.on_message:
            try:
                self.on_message(message)
            except Exception as error:
                self._handler_failed(error)

    def chunk(self, start: int, end: int, at: int, total: int) -> None:
        """The framing has read a piece of a message that is larger than ``rx``."""
        message = self._message
        message.start = start
        message.end = end
        self._call(self.on_chunk, message, at, total)

    def oversize(self, size: int) -> None:
        """That was the last piece of it: ``size`` bytes in all."""
        self.oversized += 1
        self._call(self.on_oversize, size)

    def _greet(self) -> None:
        """The server speaks first."""

    def _opened(self, now: int) -> None:
        self.deadline = ticks_add(now, _ANSWER_MS)

    def _due(self, now: int) -> None:
        if self._framing.held:
            self._framing.release()
        elif not self.connected:
            raise TimedOut("%s: no getinfo in %d ms" % (self, _ANSWER_MS))
        elif not self.heard and self.silence_ms < _FOR_EVER_MS:
            raise TimedOut("%s: the server is silent" % self)
        self.heard = False
        self.deadline = ticks_add(now, self.silence_ms)

    def _closed(self, error) -> None:
        self.connected = self.heard = False
        self._framing.reset()
        self._call(self.on_end, error)
