"""`motelink.iottalk` with the names and the manners of iottalk-py's ``dan``.

    from motelink import iottalk_dan as dan     # was: from iottalkpy import dan

    dan.register("http://192.0.2.5:9992", on_signal, on_data, idf_list=["Celsius-I"],
                 profile={"model": "Kettle"})
    while True:
        dan.push("Celsius-I", read())
        time.sleep(1)

There is no thread behind it: the network is served while `register`, `push`, `deregister`,
`loop_forever` and `Client.step` run. Allocates as it goes.
"""

from motelink.errors import LinkError
from motelink.iottalk import Device
from motelink.iottalk_data import values
from motelink.iottalk_push import NoData  # noqa: F401
from motelink.port import const, ticks_add, ticks_diff, ticks_ms

_ENDED = const(4)  # Link's
_WAIT_MS = const(30000)
_TURNS = const(8)  # of the loop, for each `Client.push`


class RegistrationError(LinkError):
    """Not registered, or it could not be."""


class Client:
    """One device application. ``context``: its `Device`, once there is one."""

    def __init__(self):
        self.context = None
        self._rev = None
        self._inside = False  # the loop runs, and what is called now is called by it

    def register(self, url, on_signal, on_data, **options):
        """`start`, and wait until the server knows that we are online; returns ``context``.

        Raises RegistrationError after 30 s, or at once when trying again cannot help.
        """
        device = self.start(url, on_signal, on_data, **options)
        end = ticks_add(ticks_ms(), _WAIT_MS)
        while not self._rev:
            if device.state == _ENDED or ticks_diff(end, ticks_ms()) <= 0:
                device.end()
                self.context = None
                raise RegistrationError(str(device.last_error or "no answer from %s" % url))
            self.step(100)
        return device

    def start(
        self,
        url,
        on_signal=None,
        on_data=None,
        id_=None,
        name=None,
        idf_list=None,
        odf_list=None,
        accept_protos=None,
        profile=None,
        register_callback=None,
        on_register=None,
        on_deregister=None,
        on_connect=None,
        on_disconnect=None,
        **options,
    ):
        """The device, which registers when the loop runs, and tries again until it is.

        ``on_signal(command, [feature])`` returns True, or (False, reason); ``on_data(feature,
        values)``; the other handlers are given this client. ``accept_protos`` can only be mqtt.
        ``options``: those of `Device`. Raises RegistrationError.
        """
        if self.context:
            raise RegistrationError("already registered")
        model = (profile or {}).get("model")
        if not model:
            raise RegistrationError("expected a model in profile")
        try:
            device = Device(
                url, model, idf_list or (), odf_list or (), name, id_, profile, **options
            )
        except LinkError as error:
            raise RegistrationError(str(error))
        self.context = device
        self._on_register = on_register or register_callback
        self._on_deregister = on_deregister
        self._on_connect = on_connect
        self._on_disconnect = on_disconnect
        device.on_connect = self._connected
        device.on_end = self._ended
        if on_signal:
            device.on_signal = lambda command, feature: on_signal(command, [feature.name])
        if on_data:
            for feature in device.odf:
                _hear(feature, on_data)
        return device

    def push(self, idf: str, data, block: bool = False) -> bool:
        """Send a list, one value a dimension; anything else is a list of one.

        False while the feature is not linked. Raises RegistrationError, and what `Feature.push`
        raises. ``block`` makes no difference: the socket has it when this returns True.
        """
        if not self.context:
            raise RegistrationError("not registered")
        if not self._inside:
            for _ in range(_TURNS):
                self.step()
        for feature in self.context.idf:
            if feature.name == idf:
                return feature.push(data)
        return False

    def deregister(self) -> None:
        """Take leave of the server, which then forgets us. Within a handler it goes on later."""
        device = self.context
        if not device:
            raise RegistrationError("not registered")
        device.deregister()
        while device.state != _ENDED and not self._inside:
            self.step(100)

    def loop_forever(self) -> None:
        """Serve the network until `deregister`. Raises what ended it, when that is final."""
        self._inside = True
        try:
            self.context.run()
        finally:
            self._inside = False

    def step(self, ms: int = 0) -> None:
        """Serve the network for one turn, and wait for it up to ``ms``."""
        self._inside = True
        try:
            self.context.step(ms)
        finally:
            self._inside = False

    def _connected(self) -> None:
        new = self._rev != self.context.rev
        self._rev = self.context.rev
        self._tell(self._on_connect)
        if new:
            self._tell(self._on_register)

    def _ended(self, error) -> None:
        self._tell(self._on_disconnect)
        if self.context.leaving:
            self._rev = None
            self._tell(self._on_deregister)
            self.context = None

    def _tell(self, handler) -> None:
        if handler:
            try:
                try:
                    handler(self)
                except TypeError as error:
                    if "positional" not in str(error):
                        raise
                    handler()  # older programs have them without an argument
            except Exception as error:
                self.context._handler_failed(error)


def _hear(feature, on_data) -> None:
    feature.on_data = lambda message: on_data(feature.name, values(message))


_client = Client()
register = _client.register
deregister = _client.deregister
push = _client.push
loop_forever = _client.loop_forever
