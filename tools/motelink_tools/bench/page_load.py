"""The hub's page under load: devices, open pages, and the hub between them.

The devices are IoT Commute's, whose last values the hub stores; they and the pages live in
processes of their own (`page_peers`), so that time and memory measured are the hub's.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motelink_tools.bench import page_peers
from motelink_tools.bench.swarm import Swarm
from motelink_tools.errors import ToolError
from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.platforms import commute
from motelink_tools.hub.app.settings import Configuration, HubSettings
from motelink_tools.limits import allow_open_files, resident_bytes

_PATIENCE_S = 120.0
_SETTLE_S = 15.0

Say = Callable[[str], None]


def run(devices: int, rate: float, pages: int, seconds: float, say: Say) -> dict[str, float]:
    """The metrics, ``hub.page.`` each: ``devices``, ``messages``, ``lost`` (of the values that
    devices sent, those that the hub has not counted or, of the last ones, not stored),
    ``p50_ms`` and ``p99_ms`` (from a device to a page), ``updates_hz`` (of the page served
    worst), ``cpu_percent`` (of one core), ``resident_bytes``. Raises ToolError."""
    allow_open_files(devices + pages)
    with tempfile.TemporaryDirectory(prefix="motelink-") as folder:
        return asyncio.run(_run(Path(folder), devices, rate, pages, seconds, say))


async def _run(
    folder: Path, devices: int, rate: float, pages: int, seconds: float, say: Say
) -> dict[str, float]:
    settings = HubSettings(folder=folder, page_port=0)
    async with Hub(Configuration(settings, {"commute": commute.Settings(port=0)}), say) as hub:
        calls = hub.platforms["commute"].calls()
        names = [f"device-{number}" for number in range(devices)]
        say(f"adding {devices} devices")
        keys = {name: await calls["add"](device=name) for name in names}
        root = hub.platforms["commute"].addresses()["websocket root"]
        swarm = {"root": root, "keys": keys, "rate": rate, "seconds": seconds}
        viewers = {"url": hub.page.address, "devices": names[:pages], "seconds": seconds}
        say(f"connecting {devices} devices")
        peers = page_peers.__name__
        async with Swarm(peers, "devices") as senders, Swarm(peers, "pages") as readers:
            for process, wanted in ((senders, swarm), (readers, viewers)):
                process.tell(json.dumps(wanted))
                await process.answer(_PATIENCE_S)
            say(f"{rate:g} messages a second for {seconds:g} s")
            began, busy = time.monotonic(), time.process_time()
            for process in (senders, readers):
                process.tell("begin")
            sent, seen = await senders.answer(_PATIENCE_S), await readers.answer(_PATIENCE_S)
            busy, passed = time.process_time() - busy, time.monotonic() - began
        lost = await _lost(hub, sent)
    delays = sorted(seen["delays"])
    if not delays:
        raise ToolError("no value arrived on a page", kind="load_failed")
    return {
        "hub.page.devices": devices,
        "hub.page.messages": sent["sent"],
        "hub.page.lost": lost,
        "hub.page.p50_ms": round(delays[len(delays) // 2] * 1000, 1),
        "hub.page.p99_ms": round(delays[int(0.99 * (len(delays) - 1))] * 1000, 1),
        "hub.page.updates_hz": round(min(seen["updates"]) / seconds, 1),
        "hub.page.cpu_percent": round(100 * busy / passed, 1),
        "hub.page.resident_bytes": resident_bytes(),
    }


async def _lost(hub: Hub, sent: dict[str, Any]) -> int:
    """Once nothing is on its way any more."""
    deadline = time.monotonic() + _SETTLE_S
    while True:
        counted = sum(device.messages_in for device in hub.registry.devices())
        if counted == sent["sent"] or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.1)
    states = hub.platforms["commute"].calls()["states"]
    stored = {name: await states(device=name) for name in sent["last"]}
    wrong = [
        name
        for name, found in stored.items()
        if not found or found[0]["status"]["value"] != sent["last"][name]
    ]
    return abs(int(sent["sent"]) - counted) + len(wrong)
