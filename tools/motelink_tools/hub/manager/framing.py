"""The three dialects on the server's side, sans-I/O: bytes in, events out.

A dialect needs to know what was asked of the device (`expect`), because ``beat`` is an answer
only after a heartbeat was sent, and is application data otherwise. One question is outstanding
at a time. Any bytes are either decoded or raise ProtocolError, and memory stays bounded.

The raw dialect is ambiguous by its own design. While an answer is outstanding it is looked for
at the start of what came, else at its last occurrence, so ``beathello`` and ``hellobeat`` are an
answer and a message; and so is ``heartbeat``.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import Enum

from motelink.errors import ProtocolError
from motelink.manager_wire import (
    END,
    GETINFO,
    HEART,
    LENGTH,
    LENGTH_BYTES,
    MAX_LENGTH,
    RAW,
    RAW_BEAT,
    RAW_END,
    SEPARATOR,
    TERMINATED,
    TERMINATOR,
)
from motelink_tools.hub.manager.info import InfoScanner, begins_like_info

# An application message without its FF is refused beyond this, as an info is.
MAX_MESSAGE = 65536

_HEART = bytes([HEART])
_TERMINATOR = bytes([TERMINATOR])


class Expect(Enum):
    """The question that the device has not answered yet."""

    NOTHING = 0
    INFO = 1
    BEAT = 2


@dataclass(frozen=True, slots=True)
class Info:
    """The answer to getinfo, not yet parsed."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Beat:
    """The answer to a heartbeat."""


@dataclass(frozen=True, slots=True)
class Message:
    """Application data."""

    body: bytes


Decoded = Info | Beat | Message


class Dialect(ABC):
    """One connection's framing. ``uuid``, once known, is how a later info is told from data."""

    name: str
    getinfo: bytes
    heart: bytes
    end: bytes

    __slots__ = ("expect", "uuid")

    def __init__(self) -> None:
        self.expect = Expect.INFO
        self.uuid: bytes = b""

    @staticmethod
    @abstractmethod
    def encode(payload: bytes) -> bytes:
        """One application message as it goes on the wire. Raises ValueError if it cannot."""

    @abstractmethod
    def feed(self, data: bytes) -> Iterator[Decoded]:
        """What received bytes mean. Must be read to its end. Raises ProtocolError."""

    def finish(self) -> Iterator[Decoded]:
        """The connection has closed: what was held back because it might have gone on."""
        yield from ()


class Length(Dialect):
    """Each message behind its length, two bytes, big-endian."""

    name = LENGTH
    getinfo = bytes([0, 1, GETINFO])
    heart = bytes([0, 1, HEART])
    end = bytes([0, 1, END])

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""

    @staticmethod
    def encode(payload: bytes) -> bytes:
        if len(payload) > MAX_LENGTH:
            raise ValueError(
                f"the length dialect carries at most {MAX_LENGTH} bytes, got {len(payload)}"
            )
        return len(payload).to_bytes(LENGTH_BYTES, "big") + payload

    def feed(self, data: bytes) -> Iterator[Decoded]:
        buffer = self._buffer + data
        at = 0
        while at + LENGTH_BYTES <= len(buffer):
            end = at + LENGTH_BYTES + int.from_bytes(buffer[at : at + LENGTH_BYTES], "big")
            if end > len(buffer):
                break
            body = buffer[at + LENGTH_BYTES : end]
            at = end
            yield _whole(self, body, body == _HEART)
        self._buffer = buffer[at:]


def _whole(dialect: Dialect, body: bytes, is_beat: bool) -> Decoded:
    """What a message with known bounds is."""
    if dialect.expect is Expect.BEAT and is_beat:
        dialect.expect = Expect.NOTHING
        return Beat()
    if dialect.expect is Expect.INFO and (not dialect.uuid or begins_like_info(body)):
        dialect.expect = Expect.NOTHING
        return Info(body)
    return Message(body)


class Raw(Dialect):
    """No boundaries: a message is what one TCP segment brought."""

    name = RAW
    getinfo = bytes([GETINFO])
    heart = _HEART
    end = RAW_END
    beat = RAW_BEAT

    __slots__ = ("_held", "_scanner")

    def __init__(self) -> None:
        super().__init__()
        self._scanner: InfoScanner | None = InfoScanner()
        self._held: list[bytes] = []  # segments whose tail may be the beginning of the answer

    @staticmethod
    def encode(payload: bytes) -> bytes:
        return payload

    def feed(self, data: bytes) -> Iterator[Decoded]:
        while data:
            if self._scanner is not None:
                whole, data = self._scanner.feed(data)
                if not whole:
                    return
                body, self._scanner = self._scanner.body, None
                self.expect = Expect.NOTHING
                yield Info(body)
            elif self.expect is Expect.NOTHING:
                yield from self.finish()
                yield Message(data)
                return
            else:
                data = yield from self._look_for_answer(data)

    def finish(self) -> Iterator[Decoded]:
        held, self._held = self._held, []
        for segment in held:
            yield Message(segment)

    def _look_for_answer(self, data: bytes) -> Generator[Decoded, None, bytes]:
        """Yields what is not the answer; returns what is to be read on with."""
        segments, self._held = [*self._held, data], []
        joined = b"".join(segments)
        marker = self.beat if self.expect is Expect.BEAT else self.uuid + SEPARATOR
        start = self._find(joined, marker, len(joined) - len(data))
        if start < 0:
            yield from self._hold(segments, len(joined) - _overlap(joined, marker))
            return b""
        before = start
        for segment in segments:
            if before > 0:
                yield Message(segment[:before])
            before -= len(segment)
        if self.expect is Expect.INFO:
            self._scanner = InfoScanner()
            return joined[start:]
        self.expect = Expect.NOTHING
        yield Beat()
        return joined[start + len(marker) :]

    def _find(self, joined: bytes, marker: bytes, last: int) -> int:
        """Where the answer begins, or -1. ``last`` is where the last segment begins."""
        if self.expect is Expect.BEAT:
            return 0 if joined.startswith(marker) else joined.rfind(marker)
        found = joined.find(marker)
        return last if found < 0 and begins_like_info(joined[last:]) else found

    def _hold(self, segments: list[bytes], sure: int) -> Iterator[Message]:
        """Yields the segments within the first ``sure`` bytes, holds the others."""
        for segment in segments:
            sure -= len(segment)
            if sure < 0:
                self._held.append(segment)
            else:
                yield Message(segment)


def _overlap(data: bytes, marker: bytes) -> int:
    """How many bytes at the end of ``data`` may be the beginning of ``marker``."""
    for size in range(min(len(marker) - 1, len(data)), 0, -1):
        if data.endswith(marker[:size]):
            return size
    return 0


class Terminated(Raw):
    """``FF`` behind each message of the server, and of those devices that do the same.

    Whether a device does shows behind its first info. If not, its segments are its messages, as
    in the raw dialect. Its answer to a heartbeat is ``02`` with or without ``FF`` either way.
    """

    name = TERMINATED
    getinfo = bytes([GETINFO, TERMINATOR])
    heart = bytes([HEART, TERMINATOR])
    end = bytes([END, TERMINATOR])
    beat = _HEART

    __slots__ = ("_buffer", "_terminates")

    def __init__(self) -> None:
        super().__init__()
        self._buffer = b""
        self._terminates: bool | None = None

    @staticmethod
    def encode(payload: bytes) -> bytes:
        if _TERMINATOR in payload:
            raise ValueError("the terminated dialect cannot carry a byte FF inside a message")
        return payload + _TERMINATOR

    def feed(self, data: bytes) -> Iterator[Decoded]:
        while data:
            if self._scanner is not None:
                piece, terminator, after = data.partition(_TERMINATOR)
                whole, rest = self._scanner.feed(piece)
                if not whole and not terminator:
                    return
                body, self._scanner = self._scanner.body, None
                self.expect = Expect.NOTHING
                yield Info(body)
                data = rest + terminator + after
            elif self._terminates is None:
                self._terminates = data[0] == TERMINATOR
            elif self._terminates:
                yield from self._feed_terminated(data)
                return
            else:
                data = yield from self._feed_segment(data)

    def _feed_terminated(self, data: bytes) -> Iterator[Decoded]:
        buffer = self._buffer + data
        at = 0
        while at < len(buffer):
            if self.expect is Expect.BEAT and buffer[at] == HEART:
                at += 1
                self.expect = Expect.NOTHING
                yield Beat()
                continue
            end = buffer.find(_TERMINATOR, at)
            if end < 0:
                break
            body = buffer[at:end]
            at = end + 1
            if body:  # what is left of an answer's FF is empty
                yield _whole(self, body, False)
        self._buffer = buffer[at:]
        if len(self._buffer) > MAX_MESSAGE:
            raise ProtocolError(f"expected FF within {MAX_MESSAGE} bytes, got none")

    def _feed_segment(self, data: bytes) -> Generator[Decoded, None, bytes]:
        piece, terminator, after = data.partition(_TERMINATOR)
        if not piece:
            return after
        if self.expect is Expect.NOTHING:
            yield from self.finish()
            yield Message(piece)
            return after
        rest = yield from self._look_for_answer(piece)
        if terminator and not rest:
            yield from self.finish()
        return rest + terminator + after


DIALECTS: dict[str, type[Dialect]] = {kind.name: kind for kind in (Raw, Terminated, Length)}
