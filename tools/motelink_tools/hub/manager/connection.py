"""One device's connection, on the loop: getinfo first, then heartbeats and messages.

State: *greeting* until the info is accepted (no client yet), *open*, then *ended*. An ended
connection still reads, and throws away, until the device closes or LINGER_S have passed: closing
a socket with unread data would reset it and could destroy the ``end`` on its way.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING

from motelink.errors import ProtocolError
from motelink_tools.hub.manager.bridge import Bridge, Caller
from motelink_tools.hub.manager.client import Client
from motelink_tools.hub.manager.framing import DIALECTS, Beat, Decoded, Expect, Info
from motelink_tools.hub.manager.inbox import Inbox
from motelink_tools.hub.manager.info import ConnectionEnd, InvalidInfo, parse_info

if TYPE_CHECKING:
    from motelink_tools.hub.manager.server import AsyncManager

# This platform's name in the registry.
PLATFORM = "manager"

LINGER_S = 0.5

# Beyond this the device is not read from until the handlers have caught up.
INBOX_BYTES = 256 * 1024


class Question:
    """A getinfo or heart that waits for its answer; ``futures`` are the callers that wait too."""

    __slots__ = ("asked", "deadline", "expect", "futures")

    def __init__(self, expect: Expect, now: float, timeout: float) -> None:
        self.expect = expect
        self.asked = now
        self.deadline = now + timeout
        self.futures: list[Future[float]] = []


class Connection(asyncio.Protocol):
    """The protocol of one accepted socket. Everything here runs on the loop."""

    __slots__ = (
        "_deferred",
        "_deferred_bytes",
        "_dialect",
        "_linger_until",
        "_next_heart",
        "_paused",
        "_questions",
        "_server",
        "_transport",
        "address",
        "client",
        "ended",
        "inbox",
    )

    _transport: asyncio.Transport

    def __init__(self, server: AsyncManager, address: tuple[str, int]) -> None:
        self.address = address
        self.client: Client | None = None
        self.ended = ""  # the reason, once it has ended
        self.inbox = Inbox(server.bridge, self._released)
        self._server = server
        self._dialect = DIALECTS[server.framing]()
        self._questions: list[Question] = []  # the first is outstanding
        self._next_heart = 0.0
        self._paused = False
        self._deferred: list[bytes] = []  # sent by others while the lock is held
        self._deferred_bytes = 0
        self._linger_until = 0.0

    # -- asyncio.Protocol ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.opened(self)
        self.ask(Expect.INFO, self._server.answer_timeout)

    def data_received(self, data: bytes) -> None:
        if self.ended:
            return
        try:
            for item in self._dialect.feed(data):
                self._handle(item)
                if self.ended:
                    return
        except ProtocolError as error:
            self.finish(str(error), logging.WARNING)

    def eof_received(self) -> None:
        self._gone("the device closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone(f"the connection was lost: {exc or 'no reason given'}")
        self._server.closed(self)

    def _gone(self, reason: str) -> None:
        if not self.ended:
            for item in self._dialect.finish():
                self._handle(item)
            self._settle(reason, logging.INFO if self.client else logging.WARNING)

    # -- what the device says --------------------------------------------------------------

    def _handle(self, item: Decoded) -> None:
        if isinstance(item, Beat):
            rtt = self._answered()
            if self.client:
                self._server.report.heartbeat(PLATFORM, self.client.data.uuid, rtt)
        elif isinstance(item, Info):
            self._identify(item.body)
        else:
            self._message(item.body)

    def _message(self, body: bytes) -> None:
        client = self.client
        assert client is not None  # before the info there are no messages
        self._server.report.message_in(PLATFORM, client.data.uuid, len(body), body)
        if self.inbox.deliver(body):
            self._server.events.pump(client, self)
        if not self._paused and self.inbox.size > INBOX_BYTES:
            self._paused = True
            self._transport.pause_reading()
            self.resume()

    def _identify(self, body: bytes) -> None:
        try:
            data = parse_info(body, self._server.valid_types)
            if self.client and data.uuid != self.client.data.uuid:
                raise InvalidInfo(f"{self.client.data.uuid} now says it is {data.uuid}")
        except InvalidInfo as error:
            if self.client is None:
                self.finish(f"info refused: {error}", logging.WARNING)
            else:
                self._server.logger.warning("info refused: %s", error)
                self._answered(error)
            return
        if self.client:
            self.client.data = data
        else:
            self._dialect.uuid = data.uuid.encode()
            self._next_heart = self._server.now() + self._server.heartbeat_rate
            self.client = Client(self, data)
            self._server.register(self.client, self)
        self._answered()

    # -- questions -------------------------------------------------------------------------

    def ask(self, expect: Expect, timeout: float, future: Future[float] | None = None) -> None:
        """Send getinfo or heart, after the answer to the question before it."""
        if self.ended:
            raise ConnectionEnd(self.ended)
        now = self._server.now()
        for question in self._questions:
            if question.expect is expect:
                question.deadline = min(question.deadline, now + timeout)
                break
        else:
            question = Question(expect, now, timeout)
            self._questions.append(question)
            if len(self._questions) == 1:
                self._put(question)
        if future:
            question.futures.append(future)

    def _put(self, question: Question) -> None:
        question.asked = self._server.now()
        dialect = self._dialect
        dialect.expect = question.expect
        self._write(dialect.heart if question.expect is Expect.BEAT else dialect.getinfo)

    def _answered(self, error: InvalidInfo | None = None) -> float:
        """The outstanding question is settled. Returns how long that took, in seconds."""
        question = self._questions.pop(0)
        rtt = self._server.now() - question.asked
        for future in question.futures:
            if error:
                future.set_exception(error)
            else:
                future.set_result(rtt)
        if self._questions:
            self._put(self._questions[0])
        return rtt

    def tick(self, now: float, may_beat: bool) -> bool:
        """Called often: deadlines, and the next heartbeat. Returns whether it sent one."""
        if self.ended:
            if now >= self._linger_until:
                self._transport.abort()
        elif self._questions:
            self._check_deadline(now)
        elif may_beat and now >= self._next_heart:
            self._next_heart = now + self._server.heartbeat_rate
            self.ask(Expect.BEAT, self._server.answer_timeout)
            return True
        return False

    def _check_deadline(self, now: float) -> None:
        question = min(self._questions, key=lambda question: question.deadline)
        if now < question.deadline:
            return
        if self._paused and not question.futures:
            # The answer may have come: it is we who do not read.
            question.deadline = now + self._server.answer_timeout
            return
        what = "info" if question.expect is Expect.INFO else "heartbeat"
        late = now - question.asked
        self.finish(f"expected an answer to {what}, got none in {late:.3g} s", logging.WARNING)

    # -- sending ---------------------------------------------------------------------------

    @property
    def bridge(self) -> Bridge:
        """The way to this connection's loop."""
        return self._server.bridge

    def encode(self, payload: bytes) -> bytes:
        """One application message as it goes on the wire. Raises ValueError if it cannot."""
        return self._server.encode(payload)

    def send(self, who: Caller, frame: bytes, size: int) -> int | None:
        """Queue one encoded application message. None if the connection has ended."""
        if self.ended or self.client is None:
            return None
        # Before this message is added: a large one alone is no sign of a slow reader.
        waiting = self._deferred_bytes + self._transport.get_write_buffer_size()
        if waiting > self._server.send_bytes:
            self.finish(f"the device does not read: {waiting} bytes wait", logging.WARNING)
            return None
        if self.inbox.held_from(who):
            self._deferred.append(frame)
            self._deferred_bytes += len(frame)
        else:
            self._write(frame)
        payload = memoryview(frame)[len(frame) - size :]  # at the end in both dialects
        self._server.report.message_out(PLATFORM, self.client.data.uuid, size, payload)
        return size

    def _write(self, frame: bytes) -> None:
        if frame and not self._transport.is_closing():
            self._transport.write(frame)

    def _released(self) -> None:
        """The lock is free again: what waited for it goes on."""
        deferred, self._deferred, self._deferred_bytes = self._deferred, [], 0
        if not self.ended:
            for frame in deferred:
                self._write(frame)
        if self.client:
            self._server.events.pump(self.client, self)

    def resume(self) -> None:
        """Read again, if there is room."""
        if self._paused and self.inbox.size <= INBOX_BYTES:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    @property
    def paused(self) -> bool:
        """Whether the device is not read from because too much waits."""
        return self._paused

    # -- the end ---------------------------------------------------------------------------

    def finish(self, reason: str, level: int = logging.INFO) -> None:
        """End the connection, once: tell the device, whoever waits, and the server."""
        if self.ended:
            return
        self._settle(reason, level)
        transport = self._transport
        if transport.is_closing():
            return
        transport.write(self._dialect.end)
        try:
            if transport.can_write_eof():
                transport.write_eof()
            else:
                transport.close()
        except OSError:  # it had gone unseen: what it was told came back as a reset
            transport.abort()

    def _settle(self, reason: str, level: int) -> None:
        self.ended = reason
        self._linger_until = self._server.now() + LINGER_S
        self.inbox.end(reason)
        questions, self._questions = self._questions, []
        for question in questions:
            for future in question.futures:
                future.set_exception(ConnectionEnd(reason))
        self._server.logger.log(level, "%s ended: %s", self._name(), reason)
        if self.client:
            self._server.unregister(self.client, self)

    def _name(self) -> str:
        return self.client.data.uuid if self.client else f"{self.address[0]}:{self.address[1]}"
