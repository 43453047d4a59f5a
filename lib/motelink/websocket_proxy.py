"""How a WebSocket connection begins through an HTTP proxy, which is asked for a tunnel (RFC 9110,
9.3.6). Loaded for clients that have one, beside `motelink.websocket_handshake`."""

from binascii import b2a_base64

from motelink import port, websocket_handshake
from motelink.errors import ConfigError

const = port.const

_IN = const(1)
_SECURING = const(2)  # Link's


class Opening(websocket_handshake.Opening):
    """Asks for the tunnel first; the handshake goes through it, over TLS for a URL of wss."""

    def __init__(self, client, host: str, path: str, protocols, headers):
        super().__init__(client, host, path, protocols, headers)
        self._hello = self.request
        self._secure = False  # whether TLS is next
        if host[-1:] == "]" or ":" not in host:
            host += ":%d" % client.port
        items = [("Host", host)]
        who = client._proxy[2]
        if who:
            word = b2a_base64(who.encode()).decode().replace("\n", "")
            items.append(("Proxy-Authorization", "Basic " + word))
        head = "CONNECT %s HTTP/1.1" % host
        self.request = websocket_handshake.request(head, items, client.tx.limit)

    def _answered(self, status: int, head) -> bool:
        if not self._hello:
            return super()._answered(status, head)
        if not 200 <= status <= 299:
            raise websocket_handshake.refusal("by the proxy", status)
        self.request = self._hello
        self._hello = None
        client = self.owner
        if client._proxy[3]:
            self._secure = True
            client.deadline = port.ticks_ms()  # not while its socket is being read
        else:
            client.tx.put(self.request)
        return False

    def due(self, now: int) -> None:
        """The deadline has come: TLS, or it is too late. Raises OSError."""
        if not self._secure:
            super().due(now)
        from motelink import link_connect

        self._secure = False
        client = self.owner
        poll = client.loop.poll
        poll.unregister(client.sock)
        client.rx.clear()  # what the proxy has said besides is not the server's
        link_connect.secure(client, client._proxy[3], client.host)
        poll.register(client.sock, _IN)
        client.loop.moved = True
        client.connects -= 1  # it is counted again when it is secure
        client.state = _SECURING
        client.deadline = port.ticks_add(now, client.connect_ms)
        client.tx.put(self.request)
        client.flush()


def parse(url) -> tuple:
    """Host, port, and ``user:password`` or "" of ``http://user:password@host:port``. Raises
    ConfigError."""
    scheme, _, rest = url.partition("://")
    who, _, place = rest.rstrip("/").rpartition("@")
    host, number = websocket_handshake.place_of(place, 80)
    if scheme != "http" or not host:
        raise ConfigError("expected a proxy http://user:password@host:port")
    return host, number, _unquoted(who)


def _unquoted(text: str) -> str:
    """Percent signs and what they stand for (RFC 3986, 2.1)."""
    parts = text.split("%")
    data = parts[0].encode()
    try:
        for part in parts[1:]:
            data += bytes([int(part[:2], 16)]) + part[2:].encode()
    except ValueError:
        raise ConfigError("the proxy's user or password has a % that begins nothing")
    return data.decode()
