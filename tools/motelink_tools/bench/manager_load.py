"""The Manager under load: thousands of devices, heartbeats, messages both ways, nothing lost.

The devices live in a second process (`manager_swarm`), so that the memory measured is the
Manager's own. Needs one open file a device in each process.
"""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable

from motelink.manager_wire import RAW
from motelink_tools.bench import manager_swarm
from motelink_tools.bench.manager_swarm import BROADCAST, DEVICE_TYPE, MESSAGE
from motelink_tools.bench.swarm import Swarm
from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import AsyncManager, Client
from motelink_tools.hub.registry import Registry, Subscription
from motelink_tools.limits import allow_open_files, resident_bytes

# How long what is still on its way may take, and how long the devices may take to connect.
_SETTLE_S = 15.0
_CONNECT_S = 120.0

Progress = Callable[[str], None]


def run(
    clients: int = 2000,
    seconds: float = 60,
    heartbeat_s: float = 5,
    *,
    messages_per_s: float = 200,
    broadcast_s: float = 2,
    framing: str = RAW,
    progress: Progress | None = None,
) -> dict[str, float]:
    """Connect ``clients`` devices and keep them busy for ``seconds``. Returns the metrics.

    Each device gets a heartbeat every ``heartbeat_s`` seconds; they send ``messages_per_s`` in
    all, and every ``broadcast_s`` seconds `send_all` sends 100 bytes to each. The metrics:
    ``hub.manager.`` followed by ``clients``, ``heartbeats``, ``p50_ms`` and ``p99_ms`` (round
    trips of heartbeats), ``messages_in``, ``messages_out``, ``lost``, ``false_disconnects``,
    ``client_bytes`` (resident memory a client). Raises ToolError if anything was lost.
    """
    load = _Load(clients, seconds, heartbeat_s, framing, progress or _progress_line)
    metrics = asyncio.run(load.run(messages_per_s, broadcast_s))
    lost, dropped = metrics["hub.manager.lost"], metrics["hub.manager.false_disconnects"]
    if lost or dropped:
        raise ToolError(
            f"the Manager lost {lost:g} messages and {dropped:g} of {clients} connections",
            kind="load_failed",
        )
    return metrics


class _Load:
    """One run: a Manager here, the swarm in its process, and what was counted."""

    def __init__(
        self, clients: int, seconds: float, heartbeat_s: float, framing: str, progress: Progress
    ) -> None:
        self._clients = clients
        self._seconds = seconds
        self._progress = progress
        self._registry = Registry()
        self._rtts: list[float] = []
        self._disconnected = 0
        self._sent_out = 0
        self._received = 0
        self._manager = AsyncManager(
            [DEVICE_TYPE],
            connection_port=0,
            heartbeat_rate=heartbeat_s,
            backlogged_connections=512,
            logging_level=logging.ERROR,
            framing=framing,
            registry=self._registry,
        )
        self._manager.event(self.on_message)

    async def on_message(self, _client: Client, message: bytearray) -> None:
        # By bytes, because in the raw dialect two messages may arrive as one.
        self._received += len(message)

    async def run(self, messages_per_s: float, broadcast_s: float) -> dict[str, float]:
        allow_open_files(self._clients)
        async with self._manager as manager:
            gc.collect()
            before = resident_bytes()
            arguments = (str(manager.port), str(self._clients), manager.framing)
            async with Swarm(manager_swarm.__name__, *arguments) as swarm:
                self._progress(f"connecting {self._clients} devices")
                await swarm.answer(_CONNECT_S)
                await _until(lambda: len(manager.get_clients()) == self._clients)
                gc.collect()
                client_bytes = (resident_bytes() - before) / self._clients
                with self._registry.subscribe(100 * self._clients) as events:
                    sent = await self._traffic(swarm, events, messages_per_s, broadcast_s)
                    count = await self._settled(swarm, sent)
                    self._read(events)
        if events.dropped:
            raise ToolError(f"the benchmark missed {events.dropped} events", kind="bench_slow")
        return {
            "hub.manager.clients": self._clients,
            "hub.manager.heartbeats": len(self._rtts),
            "hub.manager.p50_ms": _percentile_ms(self._rtts, 0.50),
            "hub.manager.p99_ms": _percentile_ms(self._rtts, 0.99),
            "hub.manager.messages_in": sent,
            "hub.manager.messages_out": self._sent_out,
            "hub.manager.lost": abs(sent - self._received / len(MESSAGE))
            + abs(self._sent_out - count["received"] / len(BROADCAST)),
            "hub.manager.false_disconnects": max(self._disconnected, count["lost"]),
            "hub.manager.client_bytes": round(client_bytes),
        }

    async def _traffic(
        self,
        swarm: Swarm,
        events: Subscription,
        messages_per_s: float,
        broadcast_s: float,
    ) -> int:
        """Both directions at once, for the time of the run. Returns what the devices sent."""
        loop = asyncio.get_running_loop()
        swarm.tell(f"send {messages_per_s} {self._seconds}")
        sending = loop.create_task(swarm.answer(self._seconds + _SETTLE_S))
        began = loop.time()
        next_broadcast = began + broadcast_s / 2
        while not sending.done():
            await asyncio.wait({sending}, timeout=min(broadcast_s / 4, 0.5))
            if loop.time() >= next_broadcast:
                next_broadcast += broadcast_s
                self._sent_out += self._manager.send_all(BROADCAST)
            self._read(events)
            self._progress(
                f"{loop.time() - began:3.0f} of {self._seconds:.0f} s, "
                f"{len(self._manager.get_clients())} devices, {len(self._rtts)} heartbeats, "
                f"p99 {_percentile_ms(self._rtts, 0.99):.1f} ms, "
                f"in {self._received // len(MESSAGE)}, out {self._sent_out}"
            )
        return int((await sending)["sent"])

    async def _settled(self, swarm: Swarm, sent: int) -> dict[str, int]:
        """What came, once nothing is on its way any more, or `_SETTLE_S` have passed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _SETTLE_S
        while True:
            swarm.tell("count")
            count = await swarm.answer(_SETTLE_S)
            whole = self._received == sent * len(MESSAGE)
            if whole and count["received"] == self._sent_out * len(BROADCAST):
                return count
            if loop.time() >= deadline:
                return count
            await asyncio.sleep(0.1)

    def _read(self, events: Subscription) -> None:
        for event in events.drain():
            if event.rtt_s is not None:
                self._rtts.append(event.rtt_s)
            elif event.kind == "disconnected":
                self._disconnected += 1


async def _until(condition: Callable[[], bool]) -> None:
    deadline = asyncio.get_running_loop().time() + _SETTLE_S
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise ToolError("not every device was accepted", kind="load_failed")
        await asyncio.sleep(0.02)


def _percentile_ms(rtts: list[float], part: float) -> float:
    ordered = sorted(rtts)
    return round(ordered[int(part * (len(ordered) - 1))] * 1000, 3) if ordered else 0.0


def _progress_line(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
