"""The SEPL connector on one loop: devices in step with the platform, commands in, events out.

    from motelink.sepl_connector import Connector

    connector = Connector(DevicePool())
    connector.on_command = lambda message: connector.response(message, "done", block=False)
    connector.add(Device("lamp-1", "urn:lamp", "Lamp"), block=False)
    connector.run()

`motelink.sepl` is the documented face of it.
"""

from motelink import port
from motelink.errors import ConfigError, LinkError
from motelink.sepl_change import Change, checked
from motelink.sepl_session import Message, Session, answering
from motelink.websocket import Client

const = port.const
ticks_add = port.ticks_add
ticks_ms = port.ticks_ms

_ENDED = const(4)  # Link's
_TURN_MS = const(1000)
_CHANGES = const(16)
_ANSWERED = "answered already"


class Connector:
    """``manager``: a device manager, see `motelink.sepl_store`. ``config``: the file, or a
    `motelink.sepl_config.Config`. ``queue``: so many commands wait for `receive`; the platform is
    told 503 for those beyond. ``options``: of `motelink.websocket.Client`, ``rx_size`` (2048) and
    ``tx_size`` (2048) among them: a message must fit.

    Handlers, all optional, are attributes: ``on_ready()``, at each synchronisation;
    ``on_command(message)``, instead of the queue; ``on_end(error)``. One that raises is logged
    and counted in ``handler_errors``.

    ``ws``: the `motelink.websocket.Client`. ``session``: the `Session`, with its counters
    ``refused`` and ``strays``. Raises ConfigError.
    """

    on_ready = const(None)
    on_command = const(None)
    on_end = const(None)
    sock = const(None)

    def __init__(self, manager, config="connector.conf", queue=8, **options):
        if isinstance(config, str):
            from motelink import sepl_config

            config = sepl_config.Config(config)
            port.forget("sepl_config")
        self.config = config
        self.manager = manager
        options.setdefault("rx_size", 2048)
        options.setdefault("tx_size", 2048)
        url = "%s://%s:%d/" % (config.protocol, config.host, config.port)
        self.ws = Client(url, **options)
        self.session = Session(self, config.user, config.password, config.gid, manager)
        self.handler_errors = 0
        self.loop = None
        self.deadline = ticks_ms()
        self._queue = []
        self._most = queue
        self._changes = []
        self._inside = False  # a handler of ours: no waiting here
        self.ws.on_connect = self._opened
        self.ws.on_message = self._received
        self.ws.on_end = self._ended

    @property
    def ready(self) -> bool:
        """Whether the platform knows us and our devices."""
        return self.session.state == 3

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
        if not self.loop:
            from motelink.loop import Loop

            self.join(Loop())
        if self.ws.state == _ENDED:
            self.loop.remove(self)
            if self.loop.error:
                raise self.loop.error
            return False
        self.loop.step(ms)
        return True

    def end(self) -> None:
        """Close the connection and stay closed."""
        self.ws.end()

    def receive(self, timeout=None):
        """The next command, a `Message`; None after ``timeout`` seconds. Raises AuthError."""
        limit = None if timeout is None else ticks_add(ticks_ms(), int(timeout * 1000))
        self._may_wait()
        while not self._queue:
            if limit is not None and port.ticks_diff(limit, ticks_ms()) <= 0:
                return None
            if not self.step(100 if limit is None else 10):
                return None
        return self._queue.pop(0)

    def wait_ready(self, timeout=10) -> bool:
        """Wait, at most so many seconds, until the platform knows us; whether it does."""
        limit = ticks_add(ticks_ms(), int(timeout * 1000))
        self._may_wait()
        while not self.ready and port.ticks_diff(limit, ticks_ms()) > 0 and self.step(10):
            pass
        return self.ready

    def event(self, device, service, payload, timeout=10, callback=None, block=True):
        """Send an event of a device, or of the one with this id; the answer, a `Message` whose
        status is None where none came, or None where it does not ``block``; ``callback(message)``
        is given the same. Raises TypeError for a payload that is no JSON, TooLarge."""
        value = [{"name": "body", "value": checked(payload)}]
        event = {"device_uri": _id(device), "service_uri": service, "value": value}
        return self._ask("event", event, timeout, callback, block, None)

    def response(self, message, payload, timeout=10, callback=None, block=True):
        """Answer a command, once. Otherwise as `event`."""
        answer = answering(message.payload, checked(payload))
        if message.answered:
            return self._tell(Message(_ANSWERED), callback, block)
        message.answered = self.ready
        return self._ask("response", answer, timeout, callback, block, message.token)

    def add(self, device, timeout=10, callback=None, block=True):
        """Keep a device and put it on the platform. True when the platform has accepted; False
        when it has not, or is not there now: it will learn of it when it is. The device manager
        is changed either way. ``callback(accepted)``; without ``block`` None is returned."""
        self.manager.add(device)
        return self._change("put", device.as_put(), timeout, callback, block)

    def update(self, device, timeout=10, callback=None, block=True):
        """What has changed in a device. As `add`."""
        self.manager.update(device)
        return self._change("put", device.as_put(), timeout, callback, block)

    def disconnect(self, device, timeout=10, callback=None, block=True):
        """The device is away; the platform keeps it. As `add`; the manager forgets it."""
        self.manager.remove(_id(device))
        return self._change("disconnect", _id(device), timeout, callback, block)

    def delete(self, device, timeout=10, callback=None, block=True):
        """Forget a device, on the platform too. As `add`."""
        self.manager.remove(_id(device))
        return self._change("delete", _id(device), timeout, callback, block)

    # -- for the loop ----------------------------------------------------------------------

    def turn(self, now: int) -> None:
        """The deadline has come; called by the loop."""
        try:
            self.session.tick(now)
        except LinkError as error:
            self.ws.failed(error)
        self.until(now)

    def failed(self, error: Exception) -> None:
        """`turn` raised; called by the loop."""
        self._handler_failed(error)

    # -- for the session -------------------------------------------------------------------

    def send(self, text: str) -> bool:
        """A frame."""
        return self.ws.send_text(text)

    def become_ready(self) -> None:
        """Synchronised."""
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
        self.config.set_gid(gid)

    # -- inside ----------------------------------------------------------------------------

    def _opened(self) -> None:
        now = ticks_ms()
        self.session.opened(now)
        self.until(now)

    def _received(self, message) -> None:
        now = ticks_ms()
        try:
            self.session.received(now, message.bytes())
        except (LinkError, OSError) as error:
            self.ws.failed(error)
        self.until(now)

    def _ended(self, error) -> None:
        self.session.closed()
        self._changes = []
        self.call(self.on_end, error)

    def until(self, now: int) -> None:
        """The session may have another deadline."""
        self.deadline = ticks_add(now, self.session.wait_ms(now))

    def _ask(self, handler, payload, timeout, callback, block, token):
        if block:
            self._may_wait()
        now = ticks_ms()
        ms = int(timeout * 1000)
        request = self.session.request(now, handler, payload, ms, callback, token)
        self.until(now)
        if not block:
            return None
        while request.answer is None:
            self.step(100)
        return request.answer

    def _tell(self, answer, callback, block):
        if callback:
            self.call(callback, answer)
        return answer if block else None

    def _change(self, handler, payload, timeout, callback, block):
        """The request, then a commit; one change after another, so that each hash is right."""
        if block:
            self._may_wait()
        if not self.ready or len(self._changes) >= _CHANGES:
            return self._tell(False, callback, block)
        change = Change(self, handler, payload, int(timeout * 1000), callback)
        self._changes.append(change)
        if len(self._changes) == 1:
            change.begin()
        while block and change.accepted is None:
            self.step(100)
        return change.accepted if block else None

    def changed(self, change) -> None:
        """A change is over: the next one."""
        if change in self._changes:
            self._changes.remove(change)
            if self._changes:
                self._changes[0].begin()

    def _may_wait(self) -> None:
        if self._inside:
            raise ConfigError("a handler cannot wait: give block=False, and callback= if need be")

    def call(self, handler, *values) -> None:
        """Call a handler, if there is one, whatever it raises."""
        if handler:
            before = self._inside
            self._inside = True
            try:
                handler(*values)
            except Exception as error:
                self._handler_failed(error)
            self._inside = before

    def _handler_failed(self, error: Exception) -> None:
        from motelink import log

        self.handler_errors += 1
        log.exception(error, self.ws)


def _id(device) -> str:
    return device if isinstance(device, str) else device.id
