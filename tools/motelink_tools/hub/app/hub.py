"""One process that serves every platform on one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType

from motelink import __version__
from motelink_tools.hub.app.boards.shelf import Shelf
from motelink_tools.hub.app.control import ControlServer
from motelink_tools.hub.app.folder import Folder, Running
from motelink_tools.hub.app.platform import Context, Platform
from motelink_tools.hub.app.settings import Configuration, modules
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.web.page import Page


class Hub:
    """``async with Hub(configuration, say) as hub:`` holds the folder and serves.

    ``say`` is told what a person should know. Raises ToolError, with nothing left running, if
    the folder or a platform cannot be had. ``boards``: None where the settings say so.
    """

    def __init__(self, configuration: Configuration, say: Callable[[str], None]) -> None:
        self.registry = Registry()
        self.folder = Folder(configuration.hub.folder)
        self.platforms: dict[str, Platform] = {}
        hub = configuration.hub
        self.boards: Shelf | None = None
        self.page = Page(self.registry, self.platforms, __version__, hub.page_host, hub.page_port)
        self._configuration = configuration
        self._tell = say
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Hub:
        async with AsyncExitStack() as stack:
            self.folder.hold()
            stack.callback(self.folder.release)
            hub = self._configuration.hub
            context = Context(hub.folder, hub.host, self.registry, self._say)
            for name, settings in self._configuration.platforms.items():
                platform = modules()[name].create(context, settings)
                stack.push_async_callback(platform.close)
                await platform.start()
                self.platforms[name] = platform
            if hub.boards:
                self.boards = Shelf(hub.folder, self.platforms)
                stack.push_async_callback(self.boards.close)
            stack.push_async_callback(self.page.close)
            await self.page.start(self.boards)
            running = Running(os.getpid(), "127.0.0.1", 0)
            control = ControlServer(running.token, self.platforms)
            stack.push_async_callback(control.close)
            self.folder.publish(
                Running(running.pid, running.host, await control.start(), running.token)
            )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def _say(self, line: str) -> None:
        who, _, text = line.partition(": ")
        known = who in self._configuration.platforms
        self.page.log.add(time.time(), "info", who if known else "hub", text if known else line)
        self._tell(line)
