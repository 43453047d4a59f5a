"""HTTP/1.1 (RFC 9112) on `motelink.stream`: one request, one answer, then the connection closes.

For MicroPython; `motelink.http` says why. A clock, a size and a certificate bound it.
"""

from motelink import port
from motelink.errors import ConfigError, ConnectionLost, ProtocolError, TimedOut
from motelink.stream import Stream

const = port.const
ticks_ms = port.ticks_ms

_IN = const(1)
_OUT = const(4)
_IN_OUT = const(5)
_FIELDS = const(64)
_HEAD = const(8192)  # bytes of an answer's head: what common servers send at most


def fetch(method, url, headers, body, ms, limit, tls):
    """(status, pairs of header fields, body or None: larger than ``limit``). Raises OSError."""
    secure, host, number, request = _request(method, url, headers, body)
    if secure and not tls:
        try:
            tls = port.tls_context()
        except ValueError as error:
            raise ConfigError(str(error))
    end = port.ticks_add(ticks_ms(), ms)
    answer = Answer(method, limit)
    exchange = _Exchange(request, end, ms)
    try:
        exchange.connect(port.resolve(host, number), tls if secure else None, host)
        while not answer.done:
            try:
                exchange.turn()
            except ConnectionLost:
                answer.ended()
            answer.received(exchange.rx)
    except ValueError as error:  # how MicroPython's TLS says why
        raise ProtocolError("certificate refused: %s; check tls=" % port.why_refused(error))
    finally:
        exchange.close()
    return answer.status, answer.fields, answer.body


class _Exchange(Stream):
    """A socket that waits, until a deadline."""

    def __init__(self, request: bytes, end: int, ms: int):
        super().__init__(512, len(request))
        self._request = request
        self._end = end
        self._ms = ms
        self._poll = port.poller()

    def connect(self, address, tls, host: str) -> None:
        self.open(address)
        self._wait(_OUT)
        if tls:
            self._poll.unregister(self.sock)
            from motelink import link_connect

            link_connect.secure(self, tls, host)
            port.forget("link_connect")
        self.tx.put(self._request)
        if not self.flush() and tls:
            # The handshake is over when a byte of ours has moved.
            while not self.tx.start and self.tx.end:
                self._wait(_IN)
                self.fill()
                self.flush()

    def turn(self) -> None:
        """Send what is to be sent, receive what has come."""
        self._wait(_IN_OUT if self.tx.end else _IN)
        if self.tx.end:
            self.flush()
        self.fill()

    def _wait(self, events: int) -> None:
        left = port.ticks_diff(self._end, ticks_ms())
        self._poll.register(self.sock, events)
        for _ in self._poll.ipoll(left) if left > 0 else ():
            return
        raise TimedOut("no answer in %d ms" % self._ms)

    def close(self) -> None:
        if self.sock:
            self._poll.unregister(self.sock)
        super().close()


class Answer:
    """Reads an answer, in pieces of any size. Sans-I/O. ``done``, then ``status``, ``fields``,
    ``body``; None is a body larger than ``limit``."""

    def __init__(self, method: str, limit: int):
        self.done = False
        self.status = 0
        self.fields: list = []
        self.body: bytearray | None = bytearray()
        self._bodiless = method == "HEAD"
        self._limit = limit
        self._line = b""
        self._headed = 0  # bytes of the head so far
        self._step = self._status_line  # takes the next line
        self._raw = False  # bytes of the body come next, no line
        self._chunked = False
        self._left = -1  # bytes of the body, or of the chunk, to come; -1: until the end

    def received(self, rx) -> None:
        """Consume what is in a `Buffer`. Raises ProtocolError."""
        while rx.start < rx.end and not self.done:
            if self._raw:
                self._piece(rx)
                continue
            at = rx.data.find(b"\n", rx.start, rx.end) + 1
            piece = bytes(memoryview(rx.data)[rx.start : at or rx.end])
            rx.start += len(piece)
            self._line += piece
            self._headed += len(piece)
            if self._headed > _HEAD:
                raise ProtocolError("a head of more than %d bytes" % _HEAD)
            if at:
                line = self._line.strip()
                self._line = b""
                self._step(line)

    def ended(self) -> None:
        """The connection has ended. Raises ConnectionLost when the answer has not."""
        if not self._raw or self._left >= 0:
            raise ConnectionLost("closed in the middle of an answer")
        self.done = True

    def _status_line(self, line: bytes) -> None:
        words = line.split(None, 2)
        try:
            if not words[0].startswith(b"HTTP/1.") or not 100 <= int(words[1]) <= 599:
                raise ValueError
        except (ValueError, IndexError):
            raise ProtocolError("expected HTTP/1.1, got %r" % line[:40])
        self.status = int(words[1])
        self._step = self._field

    def _field(self, line: bytes) -> None:
        if line:
            name, mark, value = line.partition(b":")
            try:
                if not mark or len(self.fields) == _FIELDS:
                    raise ValueError
                self.fields.append((name.decode(), value.strip().decode()))
            except ValueError:
                raise ProtocolError("a header line that is none, or one too many")
        elif self.status < 200:  # 100 Continue: the answer is still to come
            self.fields = []
            self._step = self._status_line
        else:
            self._begin_body()

    def _begin_body(self) -> None:
        self._headed = 0
        size = self._value("content-length")
        coding = self._value("transfer-encoding").lower()
        self._chunked = coding == "chunked"
        if coding and not self._chunked:
            raise ProtocolError("a transfer coding that was not asked for")
        if self._bodiless or self.status in (204, 304):
            self.done = True
        elif self._chunked:
            self._step = self._chunk
        else:
            if size:
                self._left = _number(size, 10)
            self._raw = True
            self.done = not self._left
            self._expect(self._left)

    def _chunk(self, line: bytes) -> None:
        """The size of a chunk (RFC 9112, 7.1)."""
        self._headed = 0
        self._left = _number(line.split(b";")[0].strip().decode(), 16)
        self._expect(self._left)
        self._raw = self._left > 0
        self._step = self._chunk_end if self._left else self._trailer

    def _trailer(self, line: bytes) -> None:
        self.done = not line

    def _chunk_end(self, line: bytes) -> None:
        if line:
            raise ProtocolError("a chunk longer than it says")
        self._step = self._chunk

    def _piece(self, rx) -> None:
        n = rx.end - rx.start
        if 0 <= self._left < n:
            n = self._left
        self._expect(n)
        if self.body is not None:
            self.body += memoryview(rx.data)[rx.start : rx.start + n]
        rx.start += n
        if self._left > 0:
            self._left -= n
            if not self._left:
                self._raw = False
                self.done = self.done or not self._chunked

    def _expect(self, n: int) -> None:
        """``n`` more bytes of the body are to come: if they are too many, that is all."""
        if self.body is not None and len(self.body) + n > self._limit:
            self.body = None
            self.done = True

    def _value(self, name: str) -> str:
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return ""


def _number(text: str, base: int) -> int:
    # int() takes signs and spaces, and here a length may be anything.
    for char in text.lower():
        if char not in "0123456789abcdef"[:base]:
            text = ""
    if not 0 < len(text) < 16:
        raise ProtocolError("a length that is none")
    return int(text, base)


def _request(method: str, url: str, headers: dict, body):
    """Whether it is https, host, port, and the bytes to send. Raises ConfigError."""
    scheme, rest = url.split("://", 1)
    place, slash, path = rest.split("#")[0].partition("/")
    if "?" in place:
        place, mark, query = place.partition("?")
        slash, path = "/", mark + query + slash + path
    place = place.split("@")[-1]
    host, mark, number = place.rpartition(":")
    if place.endswith("]") or not mark:
        host, number = place, "443" if scheme == "https" else "80"
    if not host or not number.isdigit() or not 0 < int(number) < 65536:
        raise ConfigError("expected a host and a port 1..65535 in the URL")
    lines = ["%s /%s HTTP/1.1" % (method, path)]
    names = [name.lower() for name in headers]
    own = [("Host", place), ("Connection", "close"), ("Accept-Encoding", "identity")]
    if body is not None:
        own.append(("Content-Length", str(len(body))))
    for name, value in own:
        if name.lower() not in names:
            lines.append(name + ": " + value)
    for name in headers:
        lines.append(name + ": " + headers[name])
    head = "\r\n".join(lines) + "\r\n\r\n"
    return scheme == "https", host.strip("[]"), int(number), head.encode() + (body or b"")
