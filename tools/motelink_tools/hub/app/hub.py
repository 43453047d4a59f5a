"""One process that serves every platform on one folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType

from motelink_tools.hub.app.control import ControlServer
from motelink_tools.hub.app.folder import Folder, Running
from motelink_tools.hub.app.platform import Context, Platform
from motelink_tools.hub.app.settings import Configuration, modules
from motelink_tools.hub.registry import Registry


class Hub:
    """``async with Hub(configuration, say) as hub:`` holds the folder and serves.

    ``say`` is told what a person should know. Raises ToolError, with nothing left running, if
    the folder or a platform cannot be had.
    """

    def __init__(self, configuration: Configuration, say: Callable[[str], None]) -> None:
        self.registry = Registry()
        self.folder = Folder(configuration.hub.folder)
        self.platforms: dict[str, Platform] = {}
        self._configuration = configuration
        self._say = say
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
