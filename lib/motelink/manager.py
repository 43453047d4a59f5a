"""The device side of iot-manager: answers getinfo and heartbeats over TCP or TLS.

    from motelink.manager import Client

    client = Client("192.0.2.7", uuid, "kettle", {"room": "kitchen"})
    client.on_message = lambda message: print(message.text())
    client.run()

Steady state (heartbeat, getinfo with static data, receiving, sending) allocates nothing.
"""

from motelink import log
from motelink.errors import ConfigError, ConnectionLost, ProtocolError, TimedOut
from motelink.identity import is_uuid
from motelink.link import Link
from motelink.manager_wire import ANSWER_MS, DEFAULT_PORT, END, MAX_INFO, RAW, SEPARATOR
from motelink.message import Message
from motelink.port import ticks_add, ticks_ms


class Client(Link):
    """One device at one Manager.

    ``uuid``: 36 characters, canonical (`motelink.identity.board_uuid` makes one). ``type``: one
    of the server's valid types. ``data``: a dict, or a function that is given a
    `motelink.jsonw.JsonWriter` at each getinfo and writes one JSON object with fresh values.
    ``framing``: "raw" (the documented dialect, the default), "terminated" or "length".
    ``rx_size``, ``tx_size``: bytes of the two buffers, all that is allocated for data.
    ``silence_ms``: a server that says nothing for so long is lost; its heartbeats come every 60 s
    by default. 0 waits for ever. ``tls``, ``backoff``, ``connect_ms``: see `Link`.

    Handlers, all optional, are attributes: ``on_connect()``, when the server knows us;
    ``on_message(message)``, with a `Message` that is valid during the call; ``on_end(error)``,
    None when the user ended it; ``on_chunk(message, at, total)``, for messages larger than
    ``rx_size`` in pieces (``total`` is -1 while unknown); ``on_oversize(size)``, after such a
    message. A handler that raises is logged and counted in ``handler_errors``.

    Raises ConfigError for anything the protocol cannot carry.
    """

    def __init__(
        self,
        host,
        uuid,
        type,  # noqa: A002 - the protocol's word
        data,
        port=DEFAULT_PORT,
        framing=RAW,
        tls=False,
        rx_size=512,
        tx_size=512,
        silence_ms=150000,
        backoff=None,
        connect_ms=10000,
    ):
        super().__init__(host, port, rx_size, tx_size, tls, backoff, connect_ms)
        self.on_connect = None
        self.on_message = None
        self.on_end = None
        self.on_chunk = None
        self.on_oversize = None
        self.connected = False
        self.beats = 0
        self.messages = 0
        self.oversized = 0
        self.handler_errors = 0
        self.heard = False
        self._silence_ms = silence_ms
        self._quiet_ms = 0
        self._stuck = -1
        self._message = Message(self.rx.data)
        self._framing = _framing(framing)(self)
        self._received = self._framing.received
        self._data = data if callable(data) else None
        self._info = _info(uuid, type, data, tx_size - self._framing.overhead)

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
        n = len(data) + framing.overhead
        if n > self.tx.limit:
            raise ValueError("%d bytes never fit in tx_size=%d" % (n, self.tx.limit))
        if not self.connected or n > self.tx.room():
            return False
        framing.put(data)
        try:
            self.flush()
        except OSError as error:
            self.failed(error)
            return False
        return True

    # What the framing tells.

    def command(self, command: int) -> None:
        """getinfo or end came."""
        if command == END:
            raise ConnectionLost("%s: the server ended the connection" % self)
        if self._data is None:
            self._framing.put(self._info)
        else:
            self._write_info()
        if not self.connected:
            self.connected = True
            if self.on_connect is not None:
                try:
                    self.on_connect()
                except Exception as error:
                    self._handler_failed(error)

    def deliver(self, start: int, end: int) -> None:
        """An application message came: ``rx.data[start:end]``."""
        self._check_connected()
        self.messages += 1
        if self.on_message is not None:
            message = self._message
            message.start = start
            message.end = end
            try:
                self.on_message(message)
            except Exception as error:
                self._handler_failed(error)

    def chunk(self, start: int, end: int, at: int, total: int) -> None:
        """A piece of a message that is larger than the buffer came."""
        self._check_connected()
        if self.on_chunk is not None and start < end:
            message = self._message
            message.start = start
            message.end = end
            try:
                self.on_chunk(message, at, total)
            except Exception as error:
                self._handler_failed(error)

    def oversize(self, size: int) -> None:
        """The last piece of such a message, ``size`` bytes in all, has come."""
        self.oversized += 1
        if self.on_oversize is not None:
            try:
                self.on_oversize(size)
            except Exception as error:
                self._handler_failed(error)

    def hold(self, ms: int) -> None:
        """The framing wants `release` in ``ms``, unless something comes."""
        self.deadline = ticks_add(ticks_ms(), ms)

    # What the link tells.

    def _greet(self) -> None:
        self.connected = False  # the server speaks first

    def _opened(self, now: int) -> None:
        self._quiet_ms = 0
        self._stuck = -1
        self.deadline = ticks_add(now, ANSWER_MS)

    def _due(self, now: int) -> None:
        if not self.connected:
            raise TimedOut("%s: no getinfo in %d ms" % (self, ANSWER_MS))
        self.deadline = ticks_add(now, ANSWER_MS)
        framing = self._framing
        if framing.held:
            framing.release()
            return
        if self.tx.end and self._stuck == self.tx.start:
            raise TimedOut("%s: the server stopped reading" % self)
        self._stuck = self.tx.start if self.tx.end else -1
        if self.heard:
            self.heard = False
            self._quiet_ms = 0
            return
        self._quiet_ms += ANSWER_MS
        if 0 < self._silence_ms <= self._quiet_ms:
            raise TimedOut("%s: nothing heard for %d ms" % (self, self._quiet_ms))

    def _closed(self, error) -> None:
        self.connected = False
        self._framing.reset()
        if self.on_end is not None:
            try:
                self.on_end(error)
            except Exception as failure:
                self._handler_failed(failure)

    def _check_connected(self) -> None:
        if not self.connected:
            raise ProtocolError("%s: expected getinfo first, got a message" % self)

    def _write_info(self) -> None:
        from motelink.jsonw import JsonWriter

        tx = self.tx
        tx.pack()
        self._framing.begin()
        tx.put(self._info)
        start = tx.end
        self._data(JsonWriter(tx))
        if tx.end == start or tx.data[start] != 123 or tx.data[tx.end - 1] != 125:
            raise ConfigError("data must write one JSON object")
        self._framing.finish()

    def _handler_failed(self, error: Exception) -> None:
        self.handler_errors += 1
        log.exception(error, self)


def _framing(name: str):
    if name not in ("raw", "terminated", "length"):
        raise ConfigError("framing must be 'raw', 'terminated' or 'length', got %r" % (name,))
    return __import__("motelink.manager_" + name, None, None, ("Framing",)).Framing


def _info(uuid: str, type_: str, data, room: int) -> bytes:
    """The answer to getinfo; without DATA when that is written at each getinfo."""
    if not is_uuid(uuid):
        raise ConfigError("uuid must be 36 characters, 8-4-4-4-12 hex digits, got %r" % (uuid,))
    if not isinstance(type_, str) or not type_ or "##" in type_ or type_[-1] == "#":
        raise ConfigError("type must be text without '##' and no '#' at its end, got %r" % (type_,))
    info = SEPARATOR.join([uuid.encode(), type_.encode(), b""])
    if not callable(data):
        info += _to_json(data)
    room = min(room, MAX_INFO)
    if len(info) > room:
        raise ConfigError("uuid, type and data take %d bytes of %d" % (len(info), room))
    return info


def _to_json(data) -> bytes:
    import json

    if not isinstance(data, dict) or not _is_json(data):
        raise ConfigError("data must be a dict of JSON values, or a function that writes one")
    return json.dumps(data).encode()


def _is_json(value) -> bool:
    # json.dumps of MicroPython writes anything at all, and that of CPython writes NaN.
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(value[key]) for key in value)
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    if isinstance(value, float):
        return value - value == 0
    return value is None or isinstance(value, (bool, int, str))
