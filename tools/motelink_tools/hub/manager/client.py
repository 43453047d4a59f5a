"""A connected device, as handlers and other threads see it.

Everything may be called from any thread. What waits has a coroutine form beside it, named with
an ``a`` in front, to be awaited in any asyncio loop; the waiting form would stop that loop, and
raises RuntimeError there.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from motelink_tools.hub.manager import info
from motelink_tools.hub.manager.bridge import LoopClosed, caller, in_asyncio
from motelink_tools.hub.manager.framing import Expect
from motelink_tools.hub.manager.inbox import ConnectionLock
from motelink_tools.hub.manager.info import ConnectionEnd, Data

if TYPE_CHECKING:
    from motelink_tools.hub.manager.connection import Connection

ANSWER_S = 15.0

Bytes = bytes | bytearray | memoryview


class Client:
    """One device: ``data`` says who it is, ``address`` is its (IP, port).

    ``connection_lock`` is a re-entrant lock: hold it to send and receive as a pair. Meanwhile
    the listener stays away: what the device sends goes to `recv` and not to ``on_message``,
    and what others send waits. Heartbeats go on and are never seen by `recv`.
    """

    ConnectionEnd = info.ConnectionEnd
    InvalidInfo = info.InvalidInfo

    __slots__ = ("__weakref__", "_connection", "address", "connection_lock", "data")

    def __init__(self, connection: Connection, data: Data) -> None:
        self._connection = connection
        self.data = data
        self.address = connection.address
        self.connection_lock = ConnectionLock(connection.inbox)

    @property
    def connected(self) -> bool:
        """Whether the connection has not ended."""
        return not self._connection.ended

    def return_data(self) -> dict[str, Any]:
        """The same as ``client.data.get()``."""
        return self.data.get()

    # -- sending ---------------------------------------------------------------------------

    def send(self, data: Bytes) -> int | None:
        """Queue ``data`` for the device, without waiting. Returns how many bytes it has.

        None means that the connection has ended, or ended now because the device does not read
        what it was sent. Raises TypeError for anything but bytes, and ValueError for what the
        dialect cannot carry (FF in ``terminated``, more than 65535 bytes in ``length``).
        """
        connection = self._connection
        payload = as_bytes(data)
        frame = connection.encode(payload)
        try:
            return connection.bridge.call(connection.send, caller(), frame, len(payload))
        except LoopClosed:
            return None

    def send_string(self, string: str) -> int | None:
        """`send`, in UTF-8."""
        return self.send(string.encode())

    # -- receiving -------------------------------------------------------------------------

    def recv(self, timeout: float | None = 15) -> bytes | None:
        """The next message of the device, or None after ``timeout`` seconds (None: no limit).

        Takes the lock for as long as it waits. Raises ConnectionEnd once the connection has
        ended and everything has been read.
        """
        _refuse_in_asyncio("recv")
        with self.connection_lock:
            message = self._connection.inbox.recv(timeout)
        self._make_room()
        return message

    async def arecv(self, timeout: float | None = 15) -> bytes | None:
        """`recv` for coroutines."""
        async with self.connection_lock:
            message = await self._connection.inbox.recv_async(timeout)
        self._make_room()
        return message

    def recv_string(self, timeout: float | None = 15) -> str | None:
        """`recv`, in UTF-8. Raises UnicodeDecodeError for anything else."""
        message = self.recv(timeout)
        return None if message is None else message.decode()

    async def arecv_string(self, timeout: float | None = 15) -> str | None:
        """`recv_string` for coroutines."""
        message = await self.arecv(timeout)
        return None if message is None else message.decode()

    # -- the server's questions ------------------------------------------------------------

    def get_data(self, timeout: float = ANSWER_S) -> None:
        """Ask the device afresh who it is; ``data`` is then new.

        Raises InvalidInfo for an answer that is not one, after which the connection goes on, and
        ConnectionEnd if there is none within ``timeout`` seconds, after which it has ended.
        """
        _refuse_in_asyncio("get_data")
        self._ask(Expect.INFO, timeout).result()

    async def aget_data(self, timeout: float = ANSWER_S) -> None:
        """`get_data` for coroutines."""
        await asyncio.wrap_future(self._ask(Expect.INFO, timeout))

    def heartbeat(self, timeout: float = ANSWER_S) -> float:
        """Send a heartbeat and wait for its answer. Returns the round trip in seconds.

        Raises ConnectionEnd if there is none within ``timeout`` seconds: the connection is ended.
        """
        _refuse_in_asyncio("heartbeat")
        return self._ask(Expect.BEAT, timeout).result()

    async def aheartbeat(self, timeout: float = ANSWER_S) -> float:
        """`heartbeat` for coroutines."""
        return await asyncio.wrap_future(self._ask(Expect.BEAT, timeout))

    def end(self, raise_exception: bool = False) -> None:
        """Tell the device that this is the end, and close. Raises ConnectionEnd if asked to."""
        reason = "ended by the server"
        with contextlib.suppress(LoopClosed):
            self._connection.bridge.call(self._connection.finish, reason)
        if raise_exception:
            raise ConnectionEnd(reason)

    # -- inside ----------------------------------------------------------------------------

    def _ask(self, expect: Expect, timeout: float) -> Future[float]:
        connection = self._connection
        answer: Future[float] = Future()
        answer.set_running_or_notify_cancel()
        try:
            connection.bridge.call(connection.ask, expect, timeout, answer)
        except LoopClosed:
            raise ConnectionEnd("the Manager is closed") from None
        return answer

    def _make_room(self) -> None:
        connection = self._connection
        if connection.paused:
            with contextlib.suppress(LoopClosed):
                connection.bridge.post(connection.resume)

    def __repr__(self) -> str:
        state = "connected" if self.connected else "ended"
        return f"<Client {self.data.uuid} {self.data.type!r} {state}>"


def as_bytes(data: Bytes) -> bytes:
    """``data`` as bytes. Raises TypeError, with what to call instead, for a str."""
    if isinstance(data, str):
        raise TypeError("expected bytes, got str; the methods named ..._string take text")
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(f"expected bytes, got {type(data).__name__}")
    return bytes(data)


def _refuse_in_asyncio(method: str) -> None:
    if in_asyncio():
        raise RuntimeError(f"{method} would block this loop; await client.a{method} instead")
