"""A fleet whose hub goes away and comes back: how its nodes return.

The nodes are the library's own clients (`fleet_nodes`), the hub is the whole one with its
iot-manager platform. An outage is the hub, closed: connects are refused until it is there again.
"""

import asyncio
import collections
import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motelink_tools.bench import fleet_nodes
from motelink_tools.bench.swarm import Swarm
from motelink_tools.errors import ToolError
from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.platforms import manager
from motelink_tools.hub.app.settings import Configuration, HubSettings
from motelink_tools.limits import allow_open_files

_PATIENCE_S = 180.0
_LOOK_S = 0.5

Say = Callable[[str], None]


def run(nodes: int, outage_s: float, say: Say) -> dict[str, float]:
    """The metrics, ``node.fleet.`` each: ``nodes``; seconds from the hub's return to the
    ``p50_s`` and the last node's; ``spread_s`` between the first and the last; the most in one
    second, ``peak_per_s``; ``refused``, attempts that failed since. Raises ToolError."""
    allow_open_files(2 * nodes)
    with tempfile.TemporaryDirectory(prefix="motelink-") as folder:
        return asyncio.run(_run(Path(folder), nodes, outage_s, say))


async def _run(folder: Path, nodes: int, outage_s: float, say: Say) -> dict[str, float]:
    async with contextlib.AsyncExitStack() as ends:
        async with Hub(_configuration(folder, 0), say) as hub:
            address = next(iter(hub.platforms["manager"].addresses().values()))
            port = int(address.rpartition(":")[2])
            swarm = Swarm(fleet_nodes.__name__, str(port), str(nodes))
            await ends.enter_async_context(swarm)
            await _connected(swarm, nodes, say)
        say(f"the hub is away for {outage_s:g} s")
        await asyncio.sleep(outage_s)
        await _ask(swarm)  # what was before is of no interest
        async with Hub(_configuration(folder, port), say):
            returned = time.time()
            opened, failed = await _connected(swarm, nodes, say)
    times = sorted(moment - returned for moment in opened if moment >= returned)
    seconds = collections.Counter(int(moment) for moment in times)
    return {
        "node.fleet.nodes": nodes,
        "node.fleet.p50_s": round(times[len(times) // 2], 1),
        "node.fleet.last_s": round(times[-1], 1),
        "node.fleet.spread_s": round(times[-1] - times[0], 1),
        "node.fleet.peak_per_s": max(seconds.values()),
        "node.fleet.refused": sum(moment >= returned for moment in failed),
    }


def _configuration(folder: Path, port: int) -> Configuration:
    settings = HubSettings(folder=folder, page_port=0)
    platform = manager.Settings(port=port, types=(fleet_nodes.DEVICE_TYPE,))
    return Configuration(settings, {"manager": platform})


async def _connected(swarm: Swarm, nodes: int, say: Say) -> tuple[list[float], list[float]]:
    """When all nodes are: the times at which they connected and failed meanwhile."""
    opened: list[float] = []
    failed: list[float] = []
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found = await _ask(swarm)
        opened += found["opened"]
        failed += found["failed"]
        say(f"{found['connected']} of {nodes} nodes are connected")
        if found["connected"] == nodes:
            return opened, failed
        if time.monotonic() > deadline:
            missing = nodes - found["connected"]
            raise ToolError(f"{missing} of {nodes} nodes did not connect", kind="load_failed")
        await asyncio.sleep(_LOOK_S)


async def _ask(swarm: Swarm) -> dict[str, Any]:
    swarm.tell("state")
    return await swarm.answer(_PATIENCE_S)
