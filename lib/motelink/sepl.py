"""The SEPL connector client, as its documentation has it.

    from motelink.sepl import Client, Device, DevicePool

    DevicePool.add(Device("lamp-1", "urn:lamp", "Lamp in the hall"))
    Client(DevicePool)
    while True:
        message = Client.receive()
        Client.response(message, "done")

There is one client a program, and the static methods are of that one. It reads ``connector.conf``
(see `motelink.sepl_config`). It has no thread of its own: it lives while one of its methods waits,
so a program calls `receive` often, with a ``timeout`` where it has other things to do. Programs
that have several clients, or handlers instead of `receive`, take `motelink.sepl_connector`.
"""

from motelink.errors import ConfigError
from motelink.sepl_connector import Connector, settings
from motelink.sepl_device import Device
from motelink.sepl_pool import DevicePool
from motelink.sepl_session import Message

__all__ = ["Client", "Device", "DevicePool", "Message"]


class Client:
    """``device_manager``: one, or its class. ``con_callbck()``, ``discon_callbck()``: called when
    the platform knows our devices, and when a connection has ended. ``config``, ``options``: see
    `Connector`. Level and file of `motelink.sepl_logger` are those of the configuration.

    Every call takes ``timeout`` (10 s), ``callback`` and ``block``; see `Connector`. It waits, at
    most so long, until the client is ready; then, as without ``block`` at once, `add`, `update`,
    `disconnect` and `delete` return False, `event` and `response` a Message without a status
    whose payload says so. Raises ConfigError.
    """

    connector: "Connector | None" = None

    def __init__(
        self,
        device_manager,
        con_callbck=None,
        discon_callbck=None,
        config="connector.conf",
        **options,
    ):
        if isinstance(device_manager, type):
            device_manager = device_manager()
        if Client.connector:
            Client.connector.end()
            Client.connector = None
        Client.connector = connector = Connector(device_manager, config, **options)
        connector.on_ready = con_callbck
        if discon_callbck:
            connector.on_end = lambda _error: discon_callbck()
        config = settings(config)
        if config.level != "info" or config.rotating_log:
            from motelink import sepl_logger

            sepl_logger.configure(config)

    @staticmethod
    def receive(timeout=None):
        """Wait for the next command, a `Message`; at most ``timeout`` seconds, then None."""
        return _connector().receive(timeout)

    @staticmethod
    def ready(timeout=10):
        """Wait, at most so many seconds, until the platform knows us; whether it does."""
        return _connector().wait_ready(timeout)

    @staticmethod
    def response(msg, payload, timeout=10, callback=None, block=True):
        """Answer a command; the platform's own answer, a `Message`."""
        return _connector().response(msg, payload, timeout, callback, block)

    @staticmethod
    def event(device, service, payload, timeout=10, callback=None, block=True):
        """Send an event of a device, or of the one with this id; the answer, a `Message`."""
        return _connector().event(device, service, payload, timeout, callback, block)

    @staticmethod
    def add(device, timeout=10, callback=None, block=True):
        """Add a device; whether the platform has accepted it."""
        return _connector().add(device, timeout, callback, block)

    register = add

    @staticmethod
    def update(device, timeout=10, callback=None, block=True):
        """Tell what has changed in a device; whether the platform has accepted it."""
        return _connector().update(device, timeout, callback, block)

    @staticmethod
    def disconnect(device, timeout=10, callback=None, block=True):
        """The device is away; whether the platform has accepted that."""
        return _connector().disconnect(device, timeout, callback, block)

    @staticmethod
    def delete(device, timeout=10, callback=None, block=True):
        """Forget a device; whether the platform has, too."""
        return _connector().delete(device, timeout, callback, block)


def _connector():
    if not Client.connector:
        raise ConfigError("there is no client yet: Client(device_manager) makes it")
    return Client.connector


def __getattr__(name):
    if name != "DeviceStore":  # loaded by those who have one
        raise AttributeError(name)
    from motelink import sepl_store

    return sepl_store.DeviceStore
