"""How a WebSocket connection begins (RFC 6455, section 4).

Loaded for each new connection, and dropped once it is open. Sans-I/O.
"""

import hashlib
from binascii import b2a_base64

from motelink import port
from motelink.errors import AuthError, ConfigError, ConnectionLost, ProtocolError, TimedOut

const = port.const

_HEAD = const(2048)  # bytes of an answer's head: no server needs more to say yes


class Opening:
    """``request``: the bytes to send first, for the ``tx`` of ``client``, a `Link`. ``protocol``:
    the sub-protocol that the server has chosen, or None.

    ``place``: the server's host and port as in the URL. ``protocols``: those offered.
    ``headers``: a dict. Raises ConfigError.
    """

    def __init__(self, client, place: str, path: str, protocols, headers):
        # No secret (RFC 6455, 1.3): it tells the answer to us from one that somebody has kept.
        key = bytes([port.getrandbits(8) for _ in range(16)])
        self._key = b2a_base64(key).strip()
        self.owner = client
        self.protocols = protocols
        self._head = bytearray()
        self.protocol = None
        fields = [("Host", place), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
        fields.append(("Sec-WebSocket-Key", self._key.decode()))
        fields.append(("Sec-WebSocket-Version", "13"))
        if protocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
        for name in headers or ():
            fields.append((name, headers[name]))
        self.request = requested("GET %s HTTP/1.1" % path, fields, client.tx.limit)

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
        words = lines[0].split(b" ", 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise ProtocolError("expected HTTP/1.1, got %r" % lines[0][:40])
        return self._answered(int(words[1]), lines)

    def due(self, _now: int) -> None:
        """The deadline has come. Raises TimedOut."""
        raise TimedOut("%s: no handshake" % self.owner)

    def _answered(self, status: int, lines) -> bool:
        if status != 101:
            raise refusal("by the server", status)
        self._check(lines)
        return True

    def _check(self, lines) -> None:
        """What the server must have said (4.1)."""
        fields = _fields(lines)
        digest = _sha1(self._key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        proof = b2a_base64(digest).strip().decode()
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


def begin(client):
    """The `Opening` of a `motelink.websocket.Client`. Raises ConfigError."""
    keepalive = client.keepalive
    if not isinstance(keepalive, int) or not 0 <= keepalive <= 65535:
        raise ConfigError("keepalive must be 0 to 65535 s, got %r" % (keepalive,))
    kind = Opening
    if client._proxy:
        from motelink import websocket_proxy

        kind = websocket_proxy.Opening
        port.forget("websocket_proxy")  # but for this one
    place, path, protocols = client._asked
    return kind(client, place, path, protocols, client.headers)


def parse(url) -> tuple:
    """Whether it is wss, host, port, host and port as they are written, path and query. Raises
    ConfigError."""
    scheme, mark, rest = url.partition("://") if isinstance(url, str) else ("", "", "")
    place, slash, path = rest.partition("/")
    if "?" in place:
        place, _, query = place.partition("?")
        path = "?" + query + slash + path
    host, number = place_of(place, 443 if scheme in ("wss", "https") else 80)
    if scheme not in ("ws", "wss") or not host or "#" in path or "@" in place:
        # Without what may be secret.
        seen = scheme.split("?")[0].split("@")[-1] + mark + place.split("@")[-1]
        raise ConfigError("expected ws://host:port/path or wss://, got %r" % seen)
    return scheme == "wss", host, number, place, "/" + path


def place_of(place: str, number: int) -> tuple:
    """Host and port of what a URL says of them; ``number`` where it names no port."""
    host, mark, digits = place.rpartition(":")
    if not mark or place[-1:] == "]":
        return place.strip("[]"), number
    return host.strip("[]"), int(digits) if digits.isdigit() else 0


def requested(first: str, fields, room: int) -> bytes:
    """The bytes of a request, at most ``room`` of them. Raises ConfigError."""
    lines = [first]
    for name, value in fields:
        lines.append("%s: %s" % (name, value))
    for line in lines:
        if "\r" in line or "\n" in line:
            raise ConfigError("a header of more than one line")
    if first.count(" ") != 2:
        raise ConfigError("a path with a space")
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    if len(request) > room:
        raise ConfigError("the handshake takes %d bytes; tx_size is too small" % len(request))
    return request


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


def refusal(by: str, status: int):
    """The error of one who answers with another status."""
    kind = AuthError if status in (401, 403, 407) else ConnectionLost
    why = "; redirects are not followed" if 300 <= status <= 399 else ""
    error = kind("refused %s: status %d%s" % (by, status, why))
    error.status = status
    return error


def _sha1(data: bytes) -> bytes:
    """SHA-1. CircuitPython knows it by name only."""
    if hasattr(hashlib, "sha1"):
        return hashlib.sha1(data).digest()  # noqa: S324 - the RFC has it; it guards nothing
    return hashlib.new("sha1", data).digest()  # noqa: S324
