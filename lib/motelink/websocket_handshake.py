"""How a WebSocket connection begins (RFC 6455, section 4), through an HTTP proxy if need be.

Loaded for each new connection, and dropped once it is open. Sans-I/O.
"""

import hashlib
from binascii import b2a_base64

from motelink import port
from motelink.errors import AuthError, ConfigError, ConnectionLost, ProtocolError

const = port.const

_IN = const(1)
_SECURING = const(2)  # Link's
_HEAD = const(2048)  # bytes of an answer's head: no server needs more to say yes


class Opening:
    """``request``: the bytes to send first; with a ``proxy``, what asks it for a tunnel, and then
    ``tunnelled`` says that it is there and ``request`` has become that of the handshake.
    ``protocol``: the sub-protocol that the server has chosen, or None.

    ``place``: the server's host and port as in the URL. ``protocols``: those offered.
    ``headers``: a dict. ``room``: bytes that a request may have. ``proxy``: None, or its user and
    password, "" without. Raises ConfigError.
    """

    def __init__(self, place: str, number: int, path: str, protocols, headers, room, proxy=None):
        # No secret (RFC 6455, 1.3): it tells the answer to us from one that somebody has kept.
        key = bytes([port.getrandbits(8) for _ in range(16)])
        self._key = b2a_base64(key).strip()
        self.protocols = protocols
        self._head = bytearray()
        self.protocol = None
        self.tunnelled = False
        offers = [("Host", place), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
        offers.append(("Sec-WebSocket-Key", self._key.decode()))
        offers.append(("Sec-WebSocket-Version", "13"))
        if protocols:
            offers.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
        for name in headers or ():
            offers.append((name, headers[name]))
        self.request = hello = _request("GET " + path, offers)
        self._hello = None
        if proxy is not None:
            self._hello = hello
            if place[-1:] == "]" or ":" not in place:
                place += ":%d" % number
            offers = [("Host", place)]
            if proxy:
                word = b2a_base64(proxy.encode()).decode().replace("\n", "")
                offers.append(("Proxy-Authorization", "Basic " + word))
            self.request = _request("CONNECT " + place, offers)
        if max(len(hello), len(self.request)) > room:
            raise ConfigError("the handshake takes %d bytes; tx_size is too small" % len(hello))

    def read(self, rx) -> bool:
        """Take the head of an answer out of a `Buffer`; True when it is complete, and accepts.

        Raises AuthError for 401, 403 and 407, ConnectionLost for other refusals, which may pass,
        each with its ``status``; ProtocolError for an answer that is none.
        """
        head = self._head
        head += memoryview(rx.data)[rx.start : rx.end]
        end = head.find(b"\r\n\r\n")
        if end < 0:
            rx.start = rx.end
        else:
            rx.start = rx.end - (len(head) - end - 4)
        if (end if end >= 0 else len(head)) > _HEAD:
            raise ProtocolError("the answer to the handshake is longer than %d bytes" % _HEAD)
        if end < 0:
            return False
        self._head = bytearray()
        lines = bytes(head[:end]).split(b"\r\n")
        status = _status(lines[0])
        if self._hello:
            if not 200 <= status <= 299:
                raise _refusal("the proxy", status)
            self.request = self._hello
            self._hello = None
            self.tunnelled = True
        else:
            if status != 101:
                raise _refusal("the server", status)
            self._check(_fields(lines))
        return True

    def go_through(self, client) -> None:
        """The tunnel is there."""
        if client._proxy[3]:
            client.deadline = port.ticks_ms()  # TLS next, but not while its socket is being read
        else:
            self.tunnelled = False
            client.tx.put(self.request)

    def secure(self, client, now: int) -> None:
        """TLS through the tunnel."""
        from motelink import link_connect

        self.tunnelled = False
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

    def _check(self, fields: dict) -> None:
        """What the server must have said (4.1)."""
        proof = (
            b2a_base64(hashed(self._key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
            .strip()
            .decode()
        )
        tokens = [token.strip() for token in fields.get("connection", "").lower().split(",")]
        if fields.get("upgrade", "").lower() != "websocket" or "upgrade" not in tokens:
            raise ProtocolError("expected an upgrade to websocket")
        if fields.get("sec-websocket-accept") != proof:
            raise ProtocolError("the server does not prove that it has read the handshake")
        if "sec-websocket-extensions" in fields:
            raise ProtocolError("the server uses extensions, none was offered")
        self.protocol = fields.get("sec-websocket-protocol")
        if self.protocol is not None and self.protocol not in (self.protocols or ()):
            raise ProtocolError("the server chose a sub-protocol that was not offered")


def opening(client) -> Opening:
    """That of a `motelink.websocket.Client`. Raises ConfigError."""
    place, path, protocols = client._asked
    proxy = client._proxy and client._proxy[2]
    room = client.tx.limit
    return Opening(place, client.port, path, protocols, client.headers, room, proxy)


def parse(url) -> tuple:
    """Whether it is wss, host, port, host and port as they are written, path and query. Raises
    ConfigError."""
    scheme, mark, rest = url.partition("://") if isinstance(url, str) else ("", "", "")
    place, slash, path = rest.partition("/")
    if "?" in place:
        place, _, query = place.partition("?")
        path = "?" + query + slash + path
    host, number = _place(place, 443 if scheme in ("wss", "https") else 80)
    if scheme not in ("ws", "wss") or not host or "#" in path or "@" in place:
        # Without what may be secret.
        seen = scheme.split("?")[0].split("@")[-1] + mark + place.split("@")[-1]
        raise ConfigError("expected ws://host:port/path or wss://, got %r" % seen)
    return scheme == "wss", host, number, place, "/" + path


def parse_proxy(url) -> tuple:
    """Host, port, and ``user:password`` or "" of ``http://user:password@host:port``. Raises
    ConfigError."""
    scheme, _, rest = url.partition("://")
    who, _, place = rest.rstrip("/").rpartition("@")
    host, number = _place(place, 80)
    if scheme != "http" or not host:
        raise ConfigError("expected a proxy http://user:password@host:port")
    return host, number, _unquoted(who)


def _place(place: str, number: int) -> tuple:
    host, mark, digits = place.rpartition(":")
    if not mark or place[-1:] == "]":
        return place.strip("[]"), number
    return host.strip("[]"), int(digits) if digits.isdigit() else 0


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


def _request(first: str, fields) -> bytes:
    lines = [first + " HTTP/1.1"]
    for name, value in fields:
        lines.append("%s: %s" % (name, value))
    for line in lines:
        if "\r" in line or "\n" in line:
            raise ConfigError("a header of more than one line")
    if first.count(" ") != 1:
        raise ConfigError("a path with a space")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _status(line: bytes) -> int:
    words = line.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ProtocolError("expected HTTP/1.1, got %r" % line[:40])
    return int(words[1])


def _fields(lines) -> dict:
    found: dict = {}
    try:
        for line in lines[1:]:
            name, _, value = line.decode().partition(":")
            name = name.lower()
            value = value.strip()
            found[name] = found[name] + ", " + value if name in found else value
    except ValueError:
        raise ProtocolError("a header that is not text")
    return found


def _refusal(who: str, status: int):
    kind = AuthError if status in (401, 403, 407) else ConnectionLost
    why = "; redirects are not followed" if 300 <= status <= 399 else ""
    error = kind("refused by %s: status %d%s" % (who, status, why))
    error.status = status
    return error


def hashed(data: bytes) -> bytes:
    """SHA-1. CircuitPython knows it by name only."""
    if hasattr(hashlib, "sha1"):
        return hashlib.sha1(data).digest()  # noqa: S324 - the RFC has it; it guards nothing
    return hashlib.new("sha1", data).digest()  # noqa: S324
