"""How soon a node is back, once its network is: the firmware on a virtual board, and a Manager.

The server goes, so that connects are refused; or Wi-Fi goes, too (the board's fault
``wifi-loss``), so that nothing is heard of that until it is back. Outages are of random length,
and so end at any place of the node's waiting.
"""

import asyncio
import logging
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from motelink_tools.bench.flashed import flashed
from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.hub.manager import AsyncManager, Client

_TYPE = "virtual"
_PATIENCE_S = 90.0
_HELD_S = 10.5  # a connection that held so long was good, for the backoff
_SETTINGS = """\
wifi_ssid = "bench"
ntp_servers = ""
manager_host = "127.0.0.1"
manager_port = %d
"""

Say = Callable[[str], None]


def run(outages: int, longest_s: float, say: Say) -> dict[str, list[float]]:
    """Seconds from the end of each outage until the Manager knows the node again, by ``wifi`` and
    ``server``. Raises ToolError."""
    with tempfile.TemporaryDirectory(prefix="motelink-") as folder:
        return asyncio.run(_run(Path(folder), outages, longest_s, say))


async def _run(folder: Path, outages: int, longest_s: float, say: Say) -> dict[str, list[float]]:
    rand = random.Random(6)
    times: dict[str, list[float]] = {"wifi": [], "server": []}
    server = _Server()
    async with server.running():
        files = await asyncio.to_thread(
            flashed, folder, {"settings.toml": _SETTINGS % server.port}
        )
        board = VirtualBoard(files)
        await asyncio.to_thread(board.start)
        try:
            await server.known()
        except ToolError:
            await asyncio.to_thread(board.close)
            raise
    try:
        for what, found in times.items():
            for number in range(outages):
                say(f"{what} away, {number + 1} of {outages}")
                if what == "wifi":
                    board.faults.set("wifi-loss")
                await asyncio.sleep(rand.uniform(1, longest_s))
                async with server.running():
                    board.faults.clear("wifi-loss")
                    found.append(await server.known())
                    await asyncio.sleep(_HELD_S)
    finally:
        await asyncio.to_thread(board.close)
    return times


class _Server:
    """A Manager on one port, again and again."""

    def __init__(self) -> None:
        self.port = 0
        self._known = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self._known.clear()
        manager = AsyncManager(
            [_TYPE], connection_port=self.port, heartbeat_rate=1, logging_level=logging.CRITICAL
        )
        manager.event(self.on_connect)
        async with manager:
            self.port = manager.port
            yield

    async def on_connect(self, _client: Client) -> None:
        self._known.set()

    async def known(self) -> float:
        """Wait for the node; how long it took. Raises ToolError."""
        began = time.monotonic()
        try:
            await asyncio.wait_for(self._known.wait(), _PATIENCE_S)
        except TimeoutError:
            raise ToolError("the node did not come back", kind="load_failed") from None
        return time.monotonic() - began
