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
from motelink.websocket import Client

const = port.const

_ENDED = const(4)  # Link's


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

        self._url = commute_url.url(device_id, device_key, side, root or self.ROOT)
        del commute_url
        port.forget("commute_url")
        options.setdefault("rx_size", 512)
        options.setdefault("tx_size", 512)
        self.options = options
        self._known = False
        self._tries = 0
        self._inside = False  # a callback: no waiting here

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
            from motelink import commute_options

            self.client.runner = commute_options.runner(self.client)
            self.client.runner.start()
        else:
            self.client.run()
        return self

    def open(self, disable_ssl_verification=False, proxy=None):
        """Make ``client`` anew, and return it; it connects when it is run."""
        options = self.options
        if disable_ssl_verification or proxy:
            from motelink import commute_options

            options = commute_options.options(options, disable_ssl_verification, proxy)
            del commute_options
            port.forget("commute_options")
        if self.client:
            self.close()
        self._known = False
        self._tries = 0
        self.client = client = _Pair(self._url, **options)
        client.pair = self
        client.on_connect = self._opened
        client.on_message = self._received
        client.on_end = self._closed
        return client

    def is_connected(self) -> bool:
        """Whether the server has accepted us, and nothing since says otherwise."""
        return self.client is not None and self.client.connected

    def reconnect(self) -> bool:
        """Where there is no connection, try again now; True. Raises ClosedException after `close`
        and before `connect`."""
        client = self.client
        if client:
            with client:
                if client.state != _ENDED:
                    if not client.state:  # it waits to try again
                        client.reconnect()
                    return True
        from motelink import commute_errors

        raise commute_errors.ClosedException("closed: connect() opens it")

    def close(self) -> None:
        """Close the connection and stay closed."""
        client = self.client
        if client:
            with client:
                client.end()

    def send_message(self, sensor: str, value) -> bool:
        """Tell the state of a sensor; ``value`` is JSON. True when the connection has it. Raises
        PayloadException, TooLarge."""
        if not isinstance(sensor, str):
            from motelink import commute_errors

            raise commute_errors.PayloadException("a sensor is named by a str")
        return self.send_payload({"sensor": sensor, "value": value})

    def send_payload(self, payload) -> bool:
        """Tell anything that is JSON. True when the connection has it. Raises PayloadException,
        TooLarge."""
        from motelink import jsonw_check

        try:
            text = json.dumps({"method": "put", "status": jsonw_check.checked(payload)})
        except (TypeError, ValueError, RuntimeError) as error:
            from motelink import commute_errors

            raise commute_errors.PayloadException("no JSON: %s" % error)
        return self.send_text(text)

    def send_text(self, frame) -> bool:
        """Send a text frame that is made already: bytes, or a str."""
        client = self.client
        if not client:
            return False
        with client:
            return client.send_text(frame)

    def get_state(self, sensor: str):
        """Ask for the last state of a sensor. It comes as a tick; outside of callbacks it is
        waited for, at most ``READ_TIMEOUT`` seconds, and returned, too: a dict as it was put. In a
        callback nothing is returned. Raises TimeoutException, ClosedException."""
        from motelink import commute_state

        return commute_state.get_state(self, sensor)

    def _opened(self) -> None:
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

    def _closed(self, _) -> None:
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
    """The connection of a `WebSocket`, ``pair``; ``with`` keeps its thread, if it has one, from
    running it."""

    pair: WebSocket
    runner = const(None)

    def __enter__(self):
        if self.runner:
            self.runner.__enter__()

    def __exit__(self, kind, error, _):
        if self.runner:
            self.runner.__exit__(kind, error, _)

    def failed(self, error: Exception) -> None:
        try:
            from motelink import commute_failure

            error = commute_failure.failed(self, error)
        except MemoryError as poor:  # not even to say what it means
            error = poor
        super().failed(error)
        if self.pair.on_error:
            try:
                from motelink import commute_failure

                commute_failure.report(self)
            except MemoryError:
                self.handler_errors += 1
        port.forget("commute_failure")
