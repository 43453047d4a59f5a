"""What one device has sent, and who may read it: the event handlers, or the holder of a lock.

While nobody holds the lock, messages wait for ``on_message``. While somebody does, they wait for
its `recv`; those left unread at the release go to ``on_message`` after all, in their order.
The lock is re-entrant and has two faces, ``with`` for threads and ``async with`` for coroutines.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType

from motelink_tools.hub.manager.bridge import Bridge, Caller, LoopClosed, caller, in_asyncio
from motelink_tools.hub.manager.info import ConnectionEnd

# What a waiting message costs beside its bytes, so that small ones are bounded too.
MESSAGE_COST = 64

# Owner of the lock between a release and what it sets off on the loop; no thread has it.
_RELEASING = 0


class Inbox:
    """One client's messages and lock. Safe in any thread; its mutex is never held for long."""

    __slots__ = (
        "_bridge",
        "_depth",
        "_ended",
        "_mailbox",
        "_mutex",
        "_owner",
        "_pending",
        "_reader",
        "_released",
        "_waiters",
        "size",
    )

    def __init__(self, bridge: Bridge, released: Callable[[], None]) -> None:
        self.size = 0  # bytes waiting, each message with MESSAGE_COST
        self._bridge = bridge
        self._released = released  # called on the loop after a release
        self._mutex = threading.Lock()
        self._owner: Caller | None = None
        self._depth = 0
        self._waiters: list[tuple[Caller, Future[None]]] = []
        self._pending: list[bytes] = []
        self._mailbox: list[bytes] = []
        self._reader: Future[bytes] | None = None
        self._ended = ""

    # -- the listener's side, on the loop --------------------------------------------------

    def deliver(self, message: bytes) -> bool:
        """A message has come. Returns whether it is for the event handlers."""
        with self._mutex:
            reader, self._reader = self._reader, None
            if reader is None:
                self.size += len(message) + MESSAGE_COST
                target = self._pending if self._owner is None else self._mailbox
                target.append(message)
                return target is self._pending
        reader.set_result(message)
        return False

    def next_pending(self) -> bytes | None:
        """The next message for the event handlers."""
        with self._mutex:
            return self._pop(self._pending) if self._pending else None

    def discard_pending(self) -> None:
        """Forget what the event handlers have not seen."""
        with self._mutex:
            while self._pending:
                self._pop(self._pending)

    def end(self, reason: str) -> None:
        """No more will come: whoever waits in `recv` is told."""
        with self._mutex:
            self._ended = reason
            reader, self._reader = self._reader, None
        if reader:
            reader.set_exception(ConnectionEnd(reason))

    def held_from(self, who: Caller) -> bool:
        """Whether somebody else than ``who`` holds the lock."""
        with self._mutex:
            return self._owner is not None and self._owner != who

    # -- the lock --------------------------------------------------------------------------

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.RLock.acquire`. In a coroutine only if it is free: RuntimeError."""
        who = caller()
        granted = self._claim(who)
        if granted is None:
            return True
        if not blocking or in_asyncio():
            if not self._withdraw(granted):
                return True
            if blocking:
                raise RuntimeError("connection_lock would block this loop; use 'async with'")
            return False
        try:
            granted.result(None if timeout < 0 else timeout)
        except TimeoutError:
            return not self._withdraw(granted)
        return True

    async def acquire_async(self) -> None:
        """The same for a coroutine: waits without blocking its loop."""
        granted = self._claim(caller())
        if granted is None:
            return
        try:
            await asyncio.wrap_future(granted)
        except asyncio.CancelledError:
            if not self._withdraw(granted):
                self.release()
            raise

    def release(self) -> None:
        """Give the lock back. Raises RuntimeError if the caller does not hold it."""
        with self._mutex:
            if self._owner != caller():
                raise RuntimeError("cannot release a connection_lock that this caller has not")
            self._depth -= 1
            if self._depth:
                return
            self._owner = _RELEASING
        # On the loop, so that what waited for the release goes before the next holder.
        try:
            self._bridge.post(self._finish_release)
        except LoopClosed:
            self._pass_on()

    def _finish_release(self) -> None:
        with self._mutex:
            self._pending += self._mailbox
            self._mailbox = []
        self._released()
        self._pass_on()

    def _pass_on(self) -> None:
        with self._mutex:
            if self._waiters:
                self._owner, granted = self._waiters.pop(0)
                self._depth = 1
                granted.set_result(None)
            else:
                self._owner = None

    def _claim(self, who: Caller) -> Future[None] | None:
        with self._mutex:
            if self._owner is None:
                self._owner = who
            if self._owner == who:
                self._depth += 1
                return None
            granted: Future[None] = Future()
            granted.set_running_or_notify_cancel()
            self._waiters.append((who, granted))
            return granted

    def _withdraw(self, granted: Future[None]) -> bool:
        """Wait no longer. False if the lock was granted meanwhile."""
        with self._mutex:
            before = len(self._waiters)
            self._waiters = [waiter for waiter in self._waiters if waiter[1] is not granted]
            return len(self._waiters) < before

    # -- the reader's side, for the holder of the lock -------------------------------------

    def recv(self, timeout: float | None) -> bytes | None:
        """The next message; None after ``timeout`` seconds. Raises ConnectionEnd."""
        message = self._take()
        if isinstance(message, bytes):
            return message
        try:
            return message.result(timeout)
        except TimeoutError:
            return None if self._give_up(message) else message.result()

    async def recv_async(self, timeout: float | None) -> bytes | None:
        """The same for a coroutine."""
        message = self._take()
        if isinstance(message, bytes):
            return message
        try:
            return await asyncio.wait_for(asyncio.wrap_future(message), timeout)
        except TimeoutError:
            return None if self._give_up(message) else message.result()
        except asyncio.CancelledError:
            if not self._give_up(message) and not message.exception():
                with self._mutex:
                    self._mailbox.insert(0, message.result())
                    self.size += len(message.result()) + MESSAGE_COST
            raise

    def _take(self) -> bytes | Future[bytes]:
        with self._mutex:
            if self._mailbox:
                return self._pop(self._mailbox)
            if self._ended:
                raise ConnectionEnd(self._ended)
            self._reader = Future()
            self._reader.set_running_or_notify_cancel()
            return self._reader

    def _give_up(self, reader: Future[bytes]) -> bool:
        """Wait no longer. False if a message, or the end, came meanwhile."""
        with self._mutex:
            if self._reader is not reader:
                return False
            self._reader = None
            return True

    def _pop(self, messages: list[bytes]) -> bytes:
        message = messages.pop(0)
        self.size -= len(message) + MESSAGE_COST
        return message


class ConnectionLock:
    """A re-entrant lock: hold it to send and receive as a pair while the listener stays away.

    ``with lock`` in threads, ``async with lock`` in coroutines. While one holder has it, the
    messages of the device go to its `recv`, and what others send waits for the release.
    """

    __slots__ = ("_inbox",)

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """As `threading.RLock.acquire`; RuntimeError where it would block an asyncio loop."""
        return self._inbox.acquire(blocking, timeout)

    def release(self) -> None:
        """Give it back. Raises RuntimeError if the caller does not hold it."""
        self._inbox.release()

    def __enter__(self) -> bool:
        return self._inbox.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inbox.release()

    async def __aenter__(self) -> None:
        await self._inbox.acquire_async()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inbox.release()
