"""A node that has to lose nothing: the firmware on a virtual board, with Losant and an outbox,
while its network fails and its power goes, every other time in the middle of a write.

The firmware says on its console which records its outbox has confirmed; the local Losant's store
says which have arrived. Times are true times: nothing is injected.
"""

import asyncio
import random
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from motelink_tools.bench.flashed import flashed
from motelink_tools.board import VirtualBoard
from motelink_tools.faults import Cut, Direction, Fault, Proxy
from motelink_tools.hub.broker import choose_broker
from motelink_tools.hub.losant.server import BROKER_OPTIONS, Losant
from motelink_tools.hub.registry import Registry

HEAP = "128k"
_BOOT = 100_000  # records of a boot are numbered from its number times this
_ADMIN = "soak"
_DRAIN_S = 180.0
_KINDS = 3  # of network faults
_TORN = 300  # bytes that are written before a brown-out, at most
_APP = """\
from motelink import storage
from motelink.node import Node

node = Node()
number = node.sensor("number")


def record():
    number.set(number.value + 1)
    platform = node.platforms[0]
    platform.writer[0] = number.value
    if platform.writer.send():
        print("kept %%d;" %% number.value)


def health():
    node.free()
    data = node.report()
    print("free %%d; waiting %%d; corrupt %%d; dropped %%d; errors %%d;" %% (
        data["heap_free"], data["waiting"], data["corrupt"], data["dropped"],
        data["handler_errors"],
    ))


def run():
    boot = int(storage.read("boot") or b"0") + 1
    storage.write("boot", str(boot))
    number.set(boot * %d)
    node.start()
    node.every(%d, record)
    node.every(%d, health)
    node.run()
"""
_SETTINGS = """\
losant_device = "%s"
losant_key = "%s"
losant_secret = "%s"
losant_host = "127.0.0.1"
losant_port = %d
losant_secure = false
losant_interval = 500000000
ntp_servers = ""
outbox = true
outbox_always = true
"""


@dataclass(frozen=True)
class Plan:
    """All in seconds."""

    length: float
    fault_every: float
    cut_every: float
    record_every: float
    health_every: float


@dataclass(frozen=True)
class Health:
    """One report: how many network faults there have been so far, and bytes of heap."""

    faults: int
    free: int


@dataclass
class Outcome:
    """``kept``: the numbers that the outbox has confirmed. ``arrived``: those in the store, in
    the order in which they came. ``health``: what the boots have reported, in the order of time;
    ``lacking``: records that were dropped, by boot. ``waiting``: those in the outbox, at the last
    health report."""

    kept: set[int] = field(default_factory=set)
    arrived: list[int] = field(default_factory=list)
    health: dict[int, list[Health]] = field(default_factory=dict)
    lacking: dict[int, int] = field(default_factory=dict)
    waiting: int = 0
    faults: int = 0
    cuts: int = 0
    seconds: float = 0.0
    corrupt: int = 0
    errors: int = 0
    safe_modes: int = 0

    @property
    def lost(self) -> int:
        """How many that were confirmed have not arrived."""
        return len(self.kept - set(self.arrived))

    @property
    def dropped(self) -> int:
        """How many the outbox has given up, of all boots."""
        return sum(self.lacking.values())

    @property
    def doubled(self) -> int:
        """How many arrived again."""
        return len(self.arrived) - len(set(self.arrived))

    @property
    def drift(self) -> int | None:
        """Bytes by which the free heap has shrunk within a boot at most, once the boot has been
        through each kind of fault: between the best of the first and of the second half of these
        reports. None where no boot has come so far."""
        halves = [
            (free[: len(free) // 2], free[len(free) // 2 :])
            for free in self._settled()
            if len(free) > 1
        ]
        return max((max(first) - max(second) for first, second in halves), default=None)

    @property
    def drift_of_boots(self) -> int | None:
        """The same between boots: from the one that holds least to the one that holds most."""
        best = [max(free) for free in self._settled()]
        return max(best) - min(best) if best else None

    @property
    def first_faults(self) -> int | None:
        """Bytes that a boot holds more once it has been through each kind of fault, at most: what
        is loaded with the first failure, and stays."""
        steps = []
        for reports in self.health.values():
            settled = _settled(reports)
            # The first one apart: while it connects a board holds 1.6 KB more.
            before = [each.free for each in reports[1:] if each.faults == reports[0].faults]
            if settled and before:
                steps.append(max(before) - max(settled))
        return max(steps, default=None)

    def _settled(self) -> list[list[int]]:
        """Free bytes, by boot, of those boots that come so far."""
        return [free for reports in self.health.values() if (free := _settled(reports))]


def _settled(reports: list[Health]) -> list[int]:
    """The free bytes in the reports since each kind of fault has happened, and is over."""
    return [each.free for each in reports if each.faults > reports[0].faults + _KINDS]


class Console:
    """Reads what the board says, in the board's thread."""

    _WORDS = re.compile(
        rb"kept (\d+);|(free) (\d+); waiting (\d+); corrupt (\d+); dropped (\d+);"
        rb" errors (\d+);|(safe mode)"
    )

    def __init__(self, outcome: Outcome, log: Path | None) -> None:
        self.outcome = outcome
        self.kept = outcome.kept
        self.boot = 0
        self._rest = b""
        self._log = log.open("wb") if log else None

    def __call__(self, data: bytes) -> None:
        if self._log:
            self._log.write(data)
            self._log.flush()
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            for found in self._WORDS.finditer(line):
                self._heard(found)

    def _heard(self, found: "re.Match[bytes]") -> None:
        outcome = self.outcome
        if found[1]:
            self.kept.add(int(found[1]))
            self.boot = int(found[1]) // _BOOT
        elif found[2]:
            free, waiting, corrupt, dropped, errors = (int(found[i]) for i in (3, 4, 5, 6, 7))
            reports = outcome.health.setdefault(self.boot, [])
            reports.append(Health(outcome.faults, free))
            outcome.corrupt = max(outcome.corrupt, corrupt)
            outcome.lacking[self.boot] = dropped
            outcome.waiting = waiting
            outcome.errors = max(outcome.errors, errors)
        else:
            outcome.safe_modes += 1


def run(plan: Plan, say: Callable[[str], None], log: Path | None = None) -> Outcome:
    """Do all of it; ``log``: where the console is kept. Raises ToolError where something is
    missing or does not start."""
    with tempfile.TemporaryDirectory(prefix="motelink-soak-") as folder:
        return asyncio.run(_soak(Path(folder), plan, say, log))


async def _soak(folder: Path, plan: Plan, say: Callable[[str], None], log: Path | None) -> Outcome:
    broker = choose_broker(
        0,
        options=list(BROKER_OPTIONS),
        anonymous=False,
        account=_ADMIN,
        folder=folder / "broker",
        say=say,
    )
    losant = Losant(folder, broker, Registry(), say=say)
    await losant.start()
    try:
        device, secret = await losant.add("node", {})
        outcome = Outcome()
        with Proxy(losant.broker.port) as proxy:
            console = Console(outcome, log)
            settings = _SETTINGS % (device.id, device.key, secret, proxy.port)
            every = (int(1000 * plan.record_every), int(1000 * plan.health_every))
            project = {"app.py": _APP % (_BOOT, *every), "settings.toml": settings}
            files = await asyncio.to_thread(flashed, folder, project)
            board = VirtualBoard(files, heap=HEAP, heard=console)
            await asyncio.to_thread(board.start)
            try:
                await _trouble(board, proxy, plan, outcome, say)
                console.kept = set()  # what it confirms from now on need not have arrived
                await _arrived(losant, device.id, outcome, say)
            finally:
                await asyncio.to_thread(board.close)
        return outcome
    finally:
        await losant.close()


async def _trouble(
    board: VirtualBoard, proxy: Proxy, plan: Plan, outcome: Outcome, say: Callable[[str], None]
) -> None:
    rand = random.Random(6)
    begin = time.monotonic()
    fault_at = begin + plan.fault_every
    cut_at = begin + plan.cut_every
    while (now := time.monotonic()) < begin + plan.length:
        if now >= fault_at:
            fault_at += plan.fault_every
            outcome.faults += 1
            _break(proxy, outcome.faults)
        if now >= cut_at:
            cut_at += plan.cut_every
            outcome.cuts += 1
            await asyncio.sleep(rand.random())  # at no round time of the board's
            if outcome.cuts % 2:
                await asyncio.to_thread(board.faults.set, "power-cut")
            else:  # in the middle of one of the next writes
                await asyncio.to_thread(board.faults.set, "brown-out", rand.randrange(_TORN))
        say(f"{now - begin:.0f} s, {len(outcome.kept)} records, {outcome.cuts} power cuts")
        await asyncio.sleep(min(1.0, plan.fault_every / 4))
    outcome.seconds = time.monotonic() - begin


def _break(proxy: Proxy, number: int) -> None:
    """One after another: reset, silent for ever, closed and not let in again twice."""
    kind = number % _KINDS
    if kind == 2:
        proxy.plan([Cut(Direction.UP, 0), Cut(Direction.DOWN, 0)])
    proxy.inflict((Fault.RESET, Fault.BLACK_HOLE, Fault.CLOSE)[kind])


async def _arrived(
    losant: Losant, device: str, outcome: Outcome, say: Callable[[str], None]
) -> None:
    """All is well again: wait until what was confirmed so far is in the store, or never will."""
    until = time.monotonic() + _DRAIN_S
    while True:
        states = sorted(losant.records.states(device), key=lambda state: state.number)
        outcome.arrived = [state.data["number"] for state in states]
        if not outcome.lost or time.monotonic() > until:
            return
        say(f"{outcome.lost} records on their way")
        await asyncio.sleep(0.5)
