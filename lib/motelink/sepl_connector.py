"""The SEPL connector on one loop: devices in step with the platform, commands in, events out.

    from motelink.sepl_connector import Connector

    connector = Connector(DevicePool)
    connector.on_command = lambda message: connector.response(message, "done", block=False)
    connector.add(Device("lamp-1", "urn:lamp", "Lamp"), block=False)
    connector.run()

`motelink.sepl` is the documented face of it.
"""

from motelink import port
from motelink.errors import ConfigError
from motelink.sepl_session import Message, Session, answering
from motelink.websocket import Client

const = port.const
ticks_add = port.ticks_add
ticks_diff = port.ticks_diff
ticks_ms = port.ticks_ms

_ENDED = const(4)  # Link's
_TURN_MS = const(1000)
_ANSWERED = const("answered already")


class Connector:
    """``manager``: a device manager, see `motelink.sepl_store`. ``config``: the file, or a
    `motelink.sepl_config.Config`. ``queue``: so many commands wait for `receive`; the platform is
    told 503 for those beyond. ``options``: of `motelink.websocket.Client`, ``rx_size`` (2048) and
    ``tx_size`` (2048) among them: a message must fit.

    Handlers, all optional, are attributes: ``on_ready()``, at each synchronisation;
    ``on_command(message)``, instead of the queue; ``on_end(error)``, when a connection has ended.
    One that raises is logged and counted in ``handler_errors``. In a handler no call may wait.

    ``ready``: whether the platform knows us and our devices. ``ws``: the
    `motelink.websocket.Client`. ``session``: the `Session`, with its counters
    ``refused`` and ``strays``. Raises ConfigError.
    """

    on_ready = const(None)
    on_command = const(None)
    on_end = const(None)
    sock = const(None)

    def __init__(self, manager, config="connector.conf", queue=8, **options):
        self.config = config
        config = settings(config)
        self.manager = manager
        options.setdefault("rx_size", 2048)
        options.setdefault("tx_size", 2048)
        url = "%s://%s:%d/" % (config.protocol, config.host, config.port)
        self.ws = _Socket(self, url, options)
        self.session = Session(self, config.user, config.password, config.gid, manager)
        self.handler_errors = 0
        self.ready = False
        self.loop = None
        self.deadline = ticks_ms()
        self.size = options["tx_size"]
        self._queue = []
        self._most = queue
        self.changes = None  # those under way
        self._inside = False  # a handler of ours: no waiting here

    def join(self, loop) -> None:
        """Run on this loop, among other clients."""
        loop.add(self.ws)
        loop.add(self)

    def run(self) -> None:
        """Run alone, until `end`. Raises what ended it, when that is final."""
        while self.step():
            pass

    def step(self, ms: int = _TURN_MS) -> bool:
        """One turn, of at most ``ms``; whether it goes on. Raises a final error."""
        if self.ws.state == _ENDED:
            if getattr(self.ws.last_error, "final", False):
                raise self.ws.last_error
            return False
        if not self.loop:
            from motelink.loop import Loop

            self.join(Loop())
        self.loop.step(ms)
        return True

    def end(self) -> None:
        """Close the connection and stay closed."""
        self.ws.end()

    def receive(self, timeout=None):
        """The next command, a `Message`; None after ``timeout`` seconds, or when it has ended.
        Raises AuthError."""
        self._may_wait()
        limit = None if timeout is None else _limit(timeout)
        while not self._queue and self._turn(limit):
            pass
        return self._queue.pop(0) if self._queue else None

    def wait_ready(self, timeout=10) -> bool:
        """Wait, at most so many seconds, until the platform knows us; whether it does. Raises
        AuthError."""
        self._may_wait()
        limit = _limit(timeout)
        self.step(0)  # what has come since the last one: it may be the end of the connection
        while not self.ready and self._turn(limit):
            pass
        return self.ready

    def event(self, device, service, payload, timeout=10, callback=None, block=True):
        """Send an event of a device, or of the one with this id; the answer, a `Message` whose
        status is None where none came, and its payload says why. ``callback(message)`` is given
        the same. Without ``block`` None is returned, and while not ready the event is not sent.
        Raises TypeError and ValueError for a payload that is no JSON, TooLarge."""
        value = [{"name": "body", "value": _checked(payload)}]
        if not isinstance(device, str):
            device = device.id
        event = {"device_uri": device, "service_uri": service, "value": value}
        return self._ask("event", event, timeout, callback, block, None)

    def response(self, message, payload, timeout=10, callback=None, block=True):
        """Answer a command, once. Otherwise as `event`."""
        answer = answering(message.payload, _checked(payload))
        if message.answered:
            return self._tell(Message(_ANSWERED), callback, block)
        return self._ask("response", answer, timeout, callback, block, message)

    def add(self, device, timeout=10, callback=None, block=True):
        """Keep a device and put it on the platform. True when the platform has accepted; False
        when it has not: it learns of it when it is synchronised next. The device manager is
        changed either way. ``callback(accepted)``; without ``block`` None is returned. Raises
        TooLarge, before anything is changed."""
        return self._change("put", device, self.manager.add, timeout, callback, block)

    def update(self, device, timeout=10, callback=None, block=True):
        """What has changed in a device. As `add`."""
        return self._change("put", device, self.manager.update, timeout, callback, block)

    def disconnect(self, device, timeout=10, callback=None, block=True):
        """The device is away; the platform keeps it. As `add`; the manager forgets it."""
        return self._change("disconnect", device, self.manager.remove, timeout, callback, block)

    def delete(self, device, timeout=10, callback=None, block=True):
        """Forget a device, on the platform too. As `add`."""
        return self._change("delete", device, self.manager.remove, timeout, callback, block)

    # -- for the loop ----------------------------------------------------------------------

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        self._guarded(self.session.tick, None)

    def failed(self, error: Exception) -> None:
        """`turn`, then called by the loop, or a handler raised."""
        from motelink import log

        self.handler_errors += 1
        log.exception(error, self.ws)

    # -- for the socket and the session ----------------------------------------------------

    def opened(self) -> None:
        """The WebSocket is open."""
        self._guarded(self.session.opened, None)

    def received(self, message) -> None:
        """A frame."""
        self._guarded(self.session.received, message)

    def closed(self, error) -> None:
        """The connection has ended."""
        self.ready = False
        self.session.closed()
        self.call(self.on_end, error)

    def send(self, text: str) -> bool:
        """A frame."""
        return self.ws.send_text(text)

    def become_ready(self) -> None:
        """Synchronised."""
        self.ready = True
        self.call(self.on_ready)

    def command(self, message) -> bool:
        """A command; False: there is no room for it."""
        if self.on_command:
            self.call(self.on_command, message)
        elif len(self._queue) < self._most:
            self._queue.append(message)
        else:
            return False
        return True

    def answer(self, request) -> None:
        """A request has its answer."""
        if request.callback:
            self.call(request.callback, request.answer)

    def keep_gid(self, gid: str) -> None:
        """The platform has given us an id."""
        try:
            settings(self.config).set_gid(gid)
        except OSError as error:  # read-only flash: it will be given another one next time
            from motelink import log

            log.error("%s: the gid cannot be kept: %s", self.ws, error)

    def until(self, now: int) -> None:
        """The session may have another deadline."""
        self.deadline = ticks_add(now, self.session.wait_ms(now))

    def call(self, handler, *values) -> None:
        """Call a handler, if there is one, whatever it raises."""
        if handler:
            before = self._inside
            self._inside = True
            try:
                handler(*values)
            except Exception as error:
                self.failed(error)
            self._inside = before

    # -- inside ----------------------------------------------------------------------------

    def _guarded(self, work, message) -> None:
        """What the session does. If that fails in any way it is deaf: so the connection ends."""
        now = ticks_ms()
        try:
            if message is None:
                work(now)
            else:
                work(now, message.bytes())
        except Exception as error:
            self.ws.failed(error)
        self.until(now)

    def _turn(self, limit) -> bool:
        """One turn, until ``limit`` at most; whether there is time for another."""
        left = _TURN_MS if limit is None else max(ticks_diff(limit, ticks_ms()), 0)
        return self.step(min(left, _TURN_MS)) and left > 0

    def _ask(self, handler, payload, timeout, callback, block, message):
        limit = _limit(timeout)
        if block:
            self.wait_ready(timeout)
        now = ticks_ms()
        left = max(ticks_diff(limit, now), 0)
        token = message.token if message else None
        request = self.session.request(now, handler, payload, left, callback, token)
        if message:
            message.answered = request.answer is None  # it has gone out
        self.until(now)
        while block and request.answer is None:
            self.step()
        return request.answer if block else None

    def _change(self, handler, device, keep, timeout, callback, block):
        from motelink import sepl_change

        limit = _limit(timeout)
        payload = sepl_change.payload_of(handler, device, self.size)
        keep(device if handler == "put" else payload)
        if block:
            self.wait_ready(timeout)
        change = None
        if self.ready:
            self.changes = self.changes or sepl_change.Changes(self)
            change = self.changes.add(handler, payload, limit, callback)
        if not change:
            return self._tell(False, callback, block)
        while block and change.accepted is None:
            self.step()
        return change.accepted if block else None

    def _tell(self, answer, callback, block):
        self.call(callback, answer)
        return answer if block else None

    def _may_wait(self) -> None:
        if self._inside:
            raise ConfigError("a handler cannot wait: give block=False, and callback= if need be")


def settings(config):
    """A `motelink.sepl_config.Config`; that of a file is read each time: it is needed seldom."""
    if isinstance(config, str):
        from motelink import sepl_config

        config = sepl_config.Config(config)
        del sepl_config
        port.forget("sepl_config")
    return config


class _Socket(Client):
    def __init__(self, connector, url, options):
        super().__init__(url, **options)
        self.connector = connector
        self.on_connect = connector.opened
        self.on_message = connector.received
        self.on_end = connector.closed

    def end(self, error=None):
        super().end(error)
        if self.connector.loop:
            self.connector.loop.remove(self.connector)


def _checked(payload):
    from motelink import jsonw_check

    return jsonw_check.checked(payload)


def _limit(timeout) -> int:
    return ticks_add(ticks_ms(), int(timeout * 1000))
