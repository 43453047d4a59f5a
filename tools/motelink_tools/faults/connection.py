"""One connection through the proxy: two sockets, a pump for each direction, and what breaks it."""

import asyncio
import contextlib
import enum
import socket
import struct
from dataclasses import dataclass
from typing import NamedTuple

_MOST = 65536  # bytes read at once
_RST_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for 0 s


class Direction(enum.StrEnum):
    """UP: from the client to the server."""

    UP = "up"
    DOWN = "down"


class Fault(enum.StrEnum):
    """What can happen to a connection.

    RESET: both ends see it broken (RST), as after a crash or by a firewall. CLOSE: both see its
    end (FIN). HALF_CLOSE: who reads in one direction sees its end; the other direction goes on.
    BLACK_HOLE: what comes from either end is taken and lost; neither end is told, not even that
    the other one has closed. PAUSE: nothing is taken any more in one direction, so that who sends
    there feels it; `Proxy.resume` ends it and nothing is lost.
    """

    RESET = "reset"
    CLOSE = "close"
    HALF_CLOSE = "half-close"
    BLACK_HOLE = "black-hole"
    PAUSE = "pause"


class Cut(NamedTuple):
    """``fault`` strikes after exactly ``after`` bytes have been passed on in one direction."""

    direction: Direction
    after: int
    fault: Fault = Fault.RESET


@dataclass
class Way:
    """How the bytes of one direction travel, in every connection; may be changed at any time.

    ``delay_s``: each read waits so long before it is passed on. ``piece``: at most so many bytes
    are passed on at once, in a write each, ``gap_s`` apart. ``passed``: bytes passed on so far.
    """

    delay_s: float = 0.0
    piece: int = _MOST
    gap_s: float = 0.0
    passed: int = 0


class Connection:
    """Passes bytes between ``client`` and ``server``, non-blocking sockets of which the second is
    yet to be connected. ``ways`` is shared with all connections of the proxy."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        ways: dict[Direction, Way],
        cut: Cut | None,
    ) -> None:
        self._ends = {Direction.UP: (client, server), Direction.DOWN: (server, client)}
        self._ways = ways
        self._cut = cut
        self._flowing = {direction: asyncio.Event() for direction in Direction}
        self.resume()
        self._lost: set[Direction] = set()  # what comes there is thrown away
        self._silent = False  # nothing is told to either end
        self._task: asyncio.Task[None] | None = None
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self, target: tuple[str, int]) -> None:
        """Connect to ``target``; go on until both directions have ended or a fault ends them."""
        self._task = asyncio.current_task()
        try:
            await asyncio.get_running_loop().sock_connect(self._ends[Direction.UP][1], target)
            for direction in self._lost:
                self._end(direction)
            if self._cut and not self._cut.after:
                self._strike(self._cut)
            async with asyncio.TaskGroup() as pumps:
                for direction in Direction:
                    pumps.create_task(self._pump(direction))
        except* OSError:
            self._reset()  # one end has broken: so has the other

    def inflict(self, fault: Fault, direction: Direction) -> None:
        """``direction`` matters to HALF_CLOSE and PAUSE alone."""
        match fault:
            case Fault.RESET:
                self._reset()
            case Fault.CLOSE:
                for each in Direction:
                    self._end(each)
            case Fault.HALF_CLOSE:
                self._end(direction)
            case Fault.BLACK_HOLE:
                self._lost.update(Direction)
                self._silent = True
                self.resume()
            case Fault.PAUSE:
                self._flowing[direction].clear()

    def resume(self) -> None:
        """The end of PAUSE."""
        for flowing in self._flowing.values():
            flowing.set()

    def _reset(self) -> None:
        self._lost.update(Direction)
        for end in self._ends[Direction.UP]:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
        if self._task:
            self._task.cancel()

    def _end(self, direction: Direction) -> None:
        self._lost.add(direction)
        if not self._silent:
            with contextlib.suppress(OSError):  # it has gone by itself
                self._ends[direction][1].shutdown(socket.SHUT_WR)

    async def _pump(self, direction: Direction) -> None:
        loop = asyncio.get_running_loop()
        source, sink = self._ends[direction]
        way = self._ways[direction]
        count = 0
        while data := await loop.sock_recv(source, _MOST):
            await asyncio.sleep(way.delay_s)  # gives the other direction its turn in any case
            at = 0
            while at < len(data):
                await self._flowing[direction].wait()
                if direction in self._lost:
                    break
                end = min(len(data), at + way.piece, at + self._left(direction, count))
                await loop.sock_sendall(sink, data[at:end])
                count += end - at
                way.passed += end - at
                at = end
                if self._cut and not self._left(direction, count):
                    self._strike(self._cut)
                if way.gap_s:
                    await asyncio.sleep(way.gap_s)
        await self._flowing[direction].wait()
        self._end(direction)

    def _strike(self, cut: Cut) -> None:
        self._cut = None
        self.inflict(cut.fault, cut.direction)

    def _left(self, direction: Direction, count: int) -> int:
        """Bytes until the cut, if that is in this direction."""
        cut = self._cut
        return cut.after - count if cut and cut.direction == direction else _MOST
