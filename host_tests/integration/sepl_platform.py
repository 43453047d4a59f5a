"""The hub's SEPL in a thread, for tests of devices."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motelink_tools.hub.registry import Registry
from motelink_tools.hub.sepl import Sepl

DEADLINE_S = 60


class Platform:
    """A context manager; ``password`` is that of user me. ``events``: as they come."""

    def __init__(self, folder: Path) -> None:
        self.registry = Registry()
        self.events: list[tuple[Any, ...]] = []
        self.password = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.server = Sepl(
            folder / "sepl.db", self.registry, on_event=lambda *event: self.events.append(event)
        )

    def __enter__(self) -> "Platform":
        self._thread.start()
        self.run(self.server.__aenter__())
        self.password = self.server.records.add_user("me")
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.server.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    def command(self, device: str, value: Any) -> Any:
        return self.run(self.server.command(device, "echo", value))

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.005)

    def configure(self, folder: Path, port: int = 0, password: str = "") -> None:
        """Write the connector's file."""
        (folder / "connector.conf").write_text(
            f"[CONNECTOR]\nprotocol = ws\nhost = 127.0.0.1\nport = {port or self.server.port}\n"
            f"user = me\npassword = {password or self.password}\ngid =\n"
        )
