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

    ``host``: the server's, and its port, as in the URL. ``protocols``: those offered.
    ``headers``: a dict. Raises ConfigError.
    """

    def __init__(self, client, host: str, path: str, protocols, headers):
        # No secret (RFC 6455, 1.3): it tells the answer to us from one that somebody has kept.
        key = bytes([port.getrandbits(8) for _ in range(16)])
        self.key = b2a_base64(key).strip()
        self.owner = client
        self.protocols = protocols
        self.data = bytearray()  # of the answer
        self.protocol = None
        items = [("Host", host), ("Upgrade", "websocket"), ("Connection", "Upgrade")]
        items.append(("Sec-WebSocket-Key", self.key.decode()))
        items.append(("Sec-WebSocket-Version", "13"))
        if protocols:
            items.append(("Sec-WebSocket-Protocol", ", ".join(protocols)))
        for name in headers or ():
            items.append((name, headers[name]))
        self.request = request("GET %s HTTP/1.1" % path, items, client.tx.limit)

    def read(self, rx) -> bool:
        """Take the head of an answer out of a `Buffer`; True when it is complete, and accepts.

        Raises AuthError for 401, 403 and 407, ConnectionLost for other refusals, which may pass,
        each with its ``status``; ProtocolError for an answer that is none.
        """
        data = self.data
        data += memoryview(rx.data)[rx.start : rx.end]
        end = data.find(b"\r\n\r\n")
        if end < 0:
            rx.start = rx.end
        else:
            rx.start = rx.end - (len(data) - end - 4)
        if (end if end >= 0 else len(data)) > _HEAD:
            raise ProtocolError("the answer to the handshake is longer than %d bytes" % _HEAD)
        if end < 0:
            return False
        self.data = bytearray()
        head = bytes(data[:end]).split(b"\r\n")
        words = head[0].split(b" ", 2)
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise ProtocolError("expected HTTP/1.1, got %r" % head[0][:40])
        return self._answered(int(words[1]), head)

    def due(self, _now: int) -> None:
        """The deadline has come. Raises TimedOut."""
        raise TimedOut("%s: no handshake" % self.owner)

    def _answered(self, status: int, head) -> bool:
        """Whether this answer, of these lines, is the last. It must be as in 4.1."""
        if status != 101:
            raise refusal("by the server", status)
        found = headers(head)
        digest = _sha1(self.key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        proof = b2a_base64(digest).strip().decode()
        tokens = [token.strip() for token in found.get("connection", "").lower().split(",")]
        if found.get("upgrade", "").lower() != "websocket" or "upgrade" not in tokens:
            raise ProtocolError("expected an upgrade to websocket")
        if found.get("sec-websocket-accept") != proof:
            raise ProtocolError("the server does not prove that it has read the handshake")
        if "sec-websocket-extensions" in found:
            raise ProtocolError("the server uses extensions, none was offered")
        self.protocol = found.get("sec-websocket-protocol")
        if self.protocol is not None and self.protocol not in (self.protocols or ()):
            raise ProtocolError("the server chose a sub-protocol that was not offered")
        return True


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


def place_of(text: str, number: int) -> tuple:
    """Host and port of what a URL says of them; ``number`` where it names no port."""
    host, mark, digits = text.rpartition(":")
    if not mark or text[-1:] == "]":
        return text.strip("[]"), number
    return host.strip("[]"), int(digits) if digits.isdigit() else 0


def request(head: str, items, room: int) -> bytes:
    """The bytes of a request, at most ``room`` of them: its first line, and its headers as pairs.
    Raises ConfigError."""
    if head.count(" ") != 2:
        raise ConfigError("a path with a space")
    lines = [head.encode()]
    for name, value in items:
        lines.append(("%s: %s" % (name, value)).encode())
    for line in lines:
        if b"\r" in line or b"\n" in line:
            raise ConfigError("a header of more than one line")
    data = b"\r\n".join(lines) + b"\r\n\r\n"
    if len(data) > room:
        raise ConfigError("the handshake takes %d bytes; tx_size is too small" % len(data))
    return data


def headers(head) -> dict:
    """Those in the lines of an answer, by their names in lower case. Raises ProtocolError."""
    found: dict = {}
    try:
        for line in head[1:]:
            name, _, value = line.decode().partition(":")
            name = name.lower()
            value = value.strip()
            found[name] = found[name] + ", " + value if name in found else value
    except ValueError:
        raise ProtocolError("a header that is not text")
    return found


def refusal(text: str, status: int):
    """The error of one who answers with another status."""
    kind = AuthError if status in (401, 403, 407) else ConnectionLost
    why = "; redirects are not followed" if 300 <= status <= 399 else ""
    error = kind("refused %s: status %d%s" % (text, status, why))
    error.status = status
    return error


def _sha1(data: bytes) -> bytes:
    """SHA-1. CircuitPython knows it by name only."""
    if hasattr(hashlib, "sha1"):
        return hashlib.sha1(data).digest()  # noqa: S324 - the RFC has it; it guards nothing
    return hashlib.new("sha1", data).digest()  # noqa: S324
