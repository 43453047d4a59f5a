"""The proxy: a listening port whose connections go on to a server, through faults."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterable
from types import TracebackType

from motelink_tools.faults.connection import Connection, Cut, Direction, Fault, Way


class Proxy:
    """Listens on a free ``port`` of 127.0.0.1; each connection goes on to ``target`` of ``host``,
    or is reset where there is nobody. A context manager; works in a thread of its own, and its
    methods may be called from any other.

    ``up``, ``down``: how bytes travel to the server and to the client, see `Way`. ``cuts``: the
    first connection meets the first of them, and so on; None, and all behind the last, go
    unharmed. ``connections``: how many there were so far.
    """

    def __init__(
        self, target: int, host: str = "127.0.0.1", cuts: Iterable[Cut | None] = ()
    ) -> None:
        self.up = Way()
        self.down = Way()
        self.port = 0
        self.connections = 0
        self._target = (host, target)
        self._cuts = iter(cuts)
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> "Proxy":
        self._loop = asyncio.new_event_loop()
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._start(self._serve(listener))
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy")
        self._thread.daemon = True  # a program that forgets to close it can end all the same
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def inflict(self, fault: Fault, direction: Direction = Direction.DOWN) -> None:
        """Every open connection meets this fault before this returns. ``direction`` matters to
        HALF_CLOSE and PAUSE alone."""

        async def inflict() -> None:
            for connection in self._open:
                connection.inflict(fault, direction)

        self._wait(inflict())

    def resume(self) -> None:
        """End PAUSE in every open connection."""

        async def resume() -> None:
            for connection in self._open:
                connection.resume()

        self._wait(resume())

    def plan(self, cuts: Iterable[Cut | None]) -> None:
        """The next connections meet these, instead of what is left of those before."""
        self._cuts = iter(cuts)

    def _wait(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, listener: socket.socket) -> None:
        with listener:
            while True:
                client, _ = await self._loop.sock_accept(listener)
                self.connections += 1
                self._start(self._pass_on(client, next(self._cuts, None)))

    async def _pass_on(self, client: socket.socket, cut: Cut | None) -> None:
        with client, socket.socket() as server:
            server.setblocking(False)
            ways = {Direction.UP: self.up, Direction.DOWN: self.down}
            connection = Connection(client, server, ways, cut)
            self._open.add(connection)
            try:
                await connection.run(self._target)
            finally:
                self._open.discard(connection)
