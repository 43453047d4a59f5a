"""The connection of a Losant device over WebSockets. `motelink.losant` loads this to construct
one, and drops it.
"""

from motelink.errors import ConfigError
from motelink.mqtt import Client
from motelink.websocket_stream import over


def client(transport, secure, options):
    """The class of the client, whose port goes into ``options``. Raises ConfigError."""
    if transport != "websockets":
        raise ConfigError("transport must be 'tcp' or 'websockets', got %r" % (transport,))
    options.setdefault("port", 443 if secure else 80)
    return over(Client, "/mqtt", ("mqtt",))
