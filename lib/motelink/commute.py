"""IoT Commute: a device and its clients, paired by a server, over WebSocket.

    from motelink.commute import WebSocket

    ws = WebSocket("lamp-1", "its key", "device", root="ws://192.0.2.7:8094/ws")
    ws.on_connect = lambda ws: ws.send_message("LED", 0)
    ws.on_tick = lambda tick, ws: print(tick["sensor"], tick["value"])
    ws.connect()

What is sent often goes through `motelink.commute_put`, which allocates nothing. Receiving a tick
decodes its JSON, which allocates.
"""

import json

from motelink import port
from motelink.errors import AuthError, ConfigError, TimedOut
from motelink.websocket import Client

const = port.const
ticks_ms = port.ticks_ms

_ENDED = const(4)  # Link's
_POLICY = const(1008)  # how servers close when id or key are wrong
_LONGEST = const(12)  # RECONNECT_INTERVALs: a minute


class WebSocket:
    """``device_id``, ``device_key``: str. ``side``: "device" or "client". ``root``: the server's
    URL. ``options``: see `motelink.websocket.Client`; ``rx_size`` and ``tx_size`` bound a frame
    (512 bytes each).

    Callbacks, all optional, are attributes, or methods of a subclass: ``on_tick(tick, ws)``, a
    dict; ``on_message(text, ws)``, each frame; ``on_connect(ws)``, at first; ``on_reconnect(ws)``,
    later; ``on_close(ws)``, when a connection has ended; ``on_error(error, ws)``, an
    IotCommuteException. One that raises is logged and counted in ``client.handler_errors``.

    ``client``: once `open` has made it, the `motelink.websocket.Client`; ``loop.add(ws.client)``
    runs it among others. Raises ConfigError.
    """

    READ_TIMEOUT = 5
    RECONNECT_INTERVAL = 5
    RECONNECT_TRIES = 300
    ROOT = "ws://127.0.0.1/ws"

    on_tick = const(None)
    on_message = const(None)
    on_connect = const(None)
    on_close = const(None)
    on_error = const(None)
    on_reconnect = const(None)
    client: "_Pair | None" = None
    _asked: tuple = ()  # who waits for a state: [sensor, None or the state] each

    def __init__(self, device_id, device_key, side, root=None, **options):
        from motelink import commute_url

        self._url = commute_url.of(device_id, device_key, side, root or self.ROOT)
        del commute_url
        port.forget("commute_url")
        options.setdefault("rx_size", 512)
        options.setdefault("tx_size", 512)
        self._options = options
        self._known = False
        self._tries = 0
        self._inside = False  # a callback: no waiting here
        self._runner = None

    def connect(self, threaded=False, disable_ssl_verification=False, proxy=None):
        """Connect, and run until `close`, reconnecting whenever the connection is lost: after
        0 to ``RECONNECT_INTERVAL`` seconds, then up to twice as long each time, at most 12
        intervals; after ``RECONNECT_TRIES`` tries in a row without success it is over.

        ``threaded``: return at once, and run in a thread, which a board has not. ``proxy``: a
        dict of ``host``, ``port`` (80) and ``auth`` (user, password), or
        ``http://user:password@host:port``. Returns itself. Raises AuthException,
        ClosedException, ConfigError.
        """
        self.open(disable_ssl_verification, proxy)
        if threaded:
            runner = port.load("_thread").Runner
            if not runner:
                raise ConfigError("no threads here: open(), and loop.add() of its client")
            self._runner = runner(self.client.turned)
        else:
            self.client.run()
        return self

    def open(self, disable_ssl_verification=False, proxy=None):
        """Make ``client`` anew, and return it; it connects when it is run."""
        options = dict(self._options)
        if disable_ssl_verification:
            from motelink import log

            log.warning("the certificate of the server will not be verified")
            options["tls"] = port.tls_context(verify=False)
        if isinstance(proxy, dict):
            from motelink import commute_url

            proxy = commute_url.of_proxy(**proxy)
            del commute_url
            port.forget("commute_url")
        from motelink.backoff import Backoff

        base = int(self.RECONNECT_INTERVAL * 1000) or 1
        options.setdefault("backoff", Backoff(base, base * _LONGEST))
        if self.client:
            self.close()
        self._runner = None
        self._known = False
        self._tries = 0
        self.client = client = _Pair(self, self._url, proxy=proxy, **options)
        client.on_connect = self._connected
        client.on_message = self._received
        client.on_end = self._ended
        return client

    def is_connected(self) -> bool:
        """Whether the server has accepted us, and nothing since says otherwise."""
        return self.client is not None and self.client.connected

    def reconnect(self) -> bool:
        """Where there is no connection, try again now; True. Raises ClosedException after `close`
        and before `connect`."""
        with self._held():
            if not self.client or self.client.state == _ENDED:
                raise _errors().ClosedException("closed: connect() opens it")
            if not self.client.connected:
                self.client.reconnect()
        return True

    def close(self) -> None:
        """Close the connection and stay closed."""
        with self._held():
            if self.client:
                self.client.end()

    def send_message(self, sensor: str, value) -> bool:
        """Tell the state of a sensor; ``value`` is JSON. True when the connection has it. Raises
        PayloadException, TooLarge."""
        if not isinstance(sensor, str):
            raise _errors().PayloadException("a sensor is named by a str")
        return self.send_payload({"sensor": sensor, "value": value})

    def send_payload(self, payload) -> bool:
        """Tell anything that is JSON. True when the connection has it. Raises PayloadException,
        TooLarge."""
        from motelink import jsonw_check

        try:
            text = json.dumps({"method": "put", "status": jsonw_check.checked(payload)})
        except (TypeError, ValueError, RuntimeError) as error:
            raise _errors().PayloadException("no JSON: %s" % error)
        return self.send_text(text)

    def send_text(self, frame) -> bool:
        """Send a text frame that is made already: bytes, or a str."""
        with self._held():
            return self.client is not None and self.client.send_text(frame)

    def get_state(self, sensor: str):
        """Ask for the last state of a sensor. It comes as a tick; outside of callbacks it is
        waited for, at most ``READ_TIMEOUT`` seconds, and returned, too: a dict as it was put. In a
        callback nothing is returned. Raises TimeoutException, ClosedException."""
        asked = [sensor, None]
        with self._held():
            if not self.send_text(json.dumps({"method": "get", "sensor": sensor})):
                raise _errors().ClosedException("not connected")
            if self._inside:
                return None
            self._asked += (asked,)
            connects = self.client.connects
        try:
            end = port.ticks_add(ticks_ms(), int(self.READ_TIMEOUT * 1000))
            while asked[1] is None:
                if not self.client.connected or self.client.connects != connects:
                    raise _errors().ClosedException("the connection was lost")
                if port.ticks_diff(end, ticks_ms()) <= 0:
                    raise _errors().TimeoutException("no state in %s s" % self.READ_TIMEOUT)
                if self._runner:
                    port.sleep_ms(5)
                else:
                    self.client.step(20)
        finally:
            with self._held():
                self._asked = tuple([other for other in self._asked if other is not asked])
        return asked[1]

    def judge(self, error):
        """What a failure of the connection means here."""
        self._tries += 1
        if isinstance(error, AuthError):
            error = _errors().AuthException("%s: device id or key?" % error)
        elif getattr(error, "code", 0) == _POLICY:
            # Without its reason, which may repeat the key.
            error = _errors().AuthException("refused by the server: 1008: device id or key?")
        elif self._tries >= self.RECONNECT_TRIES:
            error = _errors().ClosedException(
                "no connection in %d tries: %s" % (self._tries, error)
            )
        return error

    def report(self, error) -> None:
        """A failure of the connection, as an error of ours."""
        if self.on_error:
            if not isinstance(error, _errors().IotCommuteException):
                code = 408 if isinstance(error, TimedOut) else 500
                error = _errors().IotCommuteException(str(error) or type(error).__name__, code)
            self._call(self.on_error, error)

    def _held(self):
        return self._runner or _nobody

    def _connected(self) -> None:
        self._tries = 0
        handler = self.on_reconnect if self._known else self.on_connect
        self._known = True
        self._call(handler)

    def _received(self, message) -> None:
        if not self.on_tick and not self.on_message and not self._asked:
            return
        text = message.text()
        self._call(self.on_message, text)
        try:
            tick = json.loads(text)
        except (ValueError, RuntimeError):  # the second: too deep
            return
        if isinstance(tick, dict):
            for asked in self._asked:
                if asked[0] == tick.get("sensor"):
                    asked[1] = tick
            self._call(self.on_tick, tick)

    def _ended(self, _error) -> None:
        self._call(self.on_close)

    def _call(self, handler, *values) -> None:
        if handler:
            before = self._inside
            self._inside = True
            try:
                handler(*(values + (self,)))
            except Exception as error:
                from motelink import log

                self.client.handler_errors += 1
                log.exception(error, self.client)
            self._inside = before


class _Pair(Client):
    def __init__(self, pair, url, **options):
        super().__init__(url, **options)
        self.pair = pair

    def failed(self, error: Exception) -> None:
        try:
            error = self.pair.judge(error)
        except MemoryError as poor:  # not even to say what it means
            error = poor
        super().failed(error)
        try:
            self.pair.report(self.last_error)
        except MemoryError:
            self.handler_errors += 1

    def turned(self, ms: int) -> bool:
        """One turn; whether there is another."""
        self.step(ms)
        return self in self.loop.clients


def _errors():
    """Loaded by those who are told of one."""
    from motelink import commute_errors

    return commute_errors


class _Nobody:
    """What holds a client that has no thread."""

    def __enter__(self):
        pass

    def __exit__(self, kind, error, trace):
        pass


_nobody = _Nobody()
