"""A server's side of WebSocket: frames to feed, frames to read, and an owner for the engine."""

import hashlib
from binascii import b2a_base64

from motelink.buffer import Buffer
from motelink.websocket_frames import RESERVE, Frames

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(kind, payload=b"", last=True, length=0):
    """A frame as a server sends it. ``length``: bytes of the length, 0: as few as can be."""
    n = len(payload)
    length = length or (1 if n < 126 else 3 if n < 65536 else 9)
    head = bytes([kind | (0x80 if last else 0)])
    if length == 1:
        head += bytes([n])
    elif length == 3:
        head += bytes([126, n >> 8, n & 255])
    else:
        head += b"\x7f\0\0\0\0" + bytes([n >> 24, n >> 16 & 255, n >> 8 & 255, n & 255])
    return head + payload


def closed(code=None, reason=b""):
    """A Close."""
    return frame(CLOSE, b"" if code is None else bytes([code >> 8, code & 255]) + reason)


def sent(data):
    """What a client has sent: a list of (kind, last, payload). Fails for what it must not."""
    found = []
    while data:
        first, n, at = data[0], data[1], 2
        assert not first & 0x70, data
        assert n & 0x80, "not masked"
        n &= 127
        if n > 125:
            size = 2 if n == 126 else 8
            n = int.from_bytes(data[2 : 2 + size], "big")
            assert n > 125 if size == 2 else n > 65535, "a length longer than it needs"
            at += size
        mask, payload = data[at : at + 4], data[at + 4 : at + 4 + n]
        assert len(payload) == n, "half a frame"
        found.append(
            (first & 15, first > 127, bytes([b ^ mask[i & 3] for i, b in enumerate(payload)]))
        )
        data = data[at + 4 + n :]
    return found


def answer(request, status=b"101 Switching Protocols", **fields):
    """What a server says to a handshake. ``fields``: others than it should, None: left out."""
    key = b""
    for line in request.split(b"\r\n"):
        name, _, value = line.partition(b": ")
        if name == b"Sec-WebSocket-Key":
            key = value
    proof = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    said = {
        "Upgrade": b"websocket",
        "Connection": b"Upgrade",
        "Sec-WebSocket-Accept": b2a_base64(proof).strip(),
    }
    for name in fields:
        said["-".join([part[0].upper() + part[1:] for part in name.split("_")])] = fields[name]
    head = b"HTTP/1.1 " + status + b"\r\n"
    for name in said:
        if said[name] is not None:
            head += name.encode() + b": " + said[name] + b"\r\n"
    return head + b"\r\n"


class Owner:
    """Has what `Frames` wants of a client. ``heard``: messages as str or bytes, pieces as (at,
    bytes, last), "pong", "finished". ``wire``: what was sent. ``quick``: short texts are taken as
    the client takes them."""

    def __init__(self, size=300, refuse=False, tx_size=300, quick=True):
        self.rx = Buffer(size + RESERVE)
        self.tx = Buffer(tx_size + RESERVE)
        self.heard = []
        self.wire = b""
        self.frames = Frames(self, size, refuse)
        self.frames.begin(2)
        self.texts = self.frames.texts() if quick else ()

    def flush(self):
        tx = self.tx
        self.wire += bytes(memoryview(tx.data)[tx.start : tx.end])
        tx.clear()
        return True

    def deliver(self, message):
        self.heard.append(message.bytes() if message.binary else message.bytes().decode())

    def chunk(self, message, at, last):
        self.heard.append((at, message.bytes(), last))

    def ponged(self):
        self.heard.append("pong")

    def end(self):
        self.heard.append("finished")

    def get(self, data, step=0):
        """Receive, ``step`` bytes at a time (0: as many as fit), as a stream does; returns
        itself."""
        rx = self.rx
        at = 0
        while at < len(data) and self.frames.state:
            if rx.start == rx.end:
                rx.clear()
            elif rx.end == rx.limit:
                rx.make_room(1)
            n = min(step or len(data), rx.limit - rx.end, len(data) - at)
            rx.data[rx.end : rx.end + n] = data[at : at + n]
            rx.end += n
            at += n
            self.received()
        return self

    def received(self):
        for message in self.texts:
            if message is None:
                break
            self.deliver(message)
        self.frames.received()

    def sent(self):
        """The frames that were sent since."""
        self.flush()
        data = self.wire
        self.wire = b""
        return sent(data)
