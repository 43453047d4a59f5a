"""A hub for one program: every platform but the Manager, on free ports, in a thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import wait
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from motelink_tools.hub.app.boards.board import HubBoard
from motelink_tools.hub.app.boards.records import Profile
from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.platforms import commute, iottalk, losant, sepl
from motelink_tools.hub.app.platforms.manager import ManagerPlatform
from motelink_tools.hub.app.settings import Configuration, HubSettings
from motelink_tools.hub.manager import Manager

_START_S = 120.0  # mosquitto may have to be fetched
_CALL_S = 20.0

Result = TypeVar("Result")


class LocalHub:
    """``registry``: of all its platforms. A context manager. Raises ToolError."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        platforms = {
            "losant": losant.Settings(port=0, ws_port=0),
            "iottalk": iottalk.Settings(port=0, ws_port=0, http_port=0),
            "sepl": sepl.Settings(port=0),
            "commute": commute.Settings(port=0),
        }
        self._hub = Hub(Configuration(HubSettings(folder=folder), platforms), say)
        self.registry = self._hub.registry
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hub", daemon=True)

    def __enter__(self) -> "LocalHub":
        self._thread.start()
        end = time.monotonic() + _START_S
        starting = asyncio.run_coroutine_threadsafe(self._hub.__aenter__(), self._loop)
        try:
            starting.result(_START_S)
        except BaseException:  # Ctrl-C, too: only a hub that has started can be closed whole
            wait([starting], end - time.monotonic())
            if starting.done() and starting.exception() is None:
                self.run(self._hub.__aexit__(None, None, None), _START_S)
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._hub.__aexit__(None, None, None), _START_S)
        self._end()

    def run(self, work: Coroutine[Any, Any, Result], seconds: float = _CALL_S) -> Result:
        """The result of a coroutine that runs in the hub's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def call(self, platform: str, name: str, /, **arguments: Any) -> Any:
        """What a command line would ask. Raises ToolError."""

        async def ask() -> Any:
            return await self._hub.platforms[platform].calls()[name](**arguments)

        return self.run(ask())

    def add(self, manager: Manager) -> None:
        """Let the page show and steer a Manager that reports to our registry."""
        platform = ManagerPlatform(manager.asynchronous)
        self._hub.platforms[platform.name] = platform

    def board(self, profile: Profile, heard: Callable[[bytes], None]) -> HubBoard:
        """A virtual board, off, which the page steers, too. ``heard`` is told what it prints."""

        async def add() -> HubBoard:
            assert self._hub.boards is not None
            return self._hub.boards.add(profile, heard)

        return self.run(add())

    @property
    def page(self) -> str:
        """The address of the hub's page."""
        return self._hub.page.address

    def addresses(self, platform: str) -> dict[str, str]:
        """URLs by what they are for."""
        return self._hub.platforms[platform].addresses()

    def address(self, platform: str, purpose: str) -> str:
        """One of them."""
        return self.addresses(platform)[purpose]

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
