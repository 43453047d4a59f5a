"""The page's server, from `start` to `close`, in the hub's asyncio loop."""

from __future__ import annotations

import ipaddress
import logging
import secrets
import time
from collections.abc import Mapping

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.boards.shelf import Shelf
from motelink_tools.hub.app.platform import Platform
from motelink_tools.hub.broker.ports import from_elsewhere
from motelink_tools.hub.listener import Listener
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.web.details import Json
from motelink_tools.hub.web.feed import Feed
from motelink_tools.hub.web.guard import Guard
from motelink_tools.hub.web.logs import LogRing
from motelink_tools.hub.web.routes import application

DEFAULT_PORT = 8590


class Page:
    """Serves at ``host``. ``port`` None: `DEFAULT_PORT`, or any if that is taken; 0: any.

    ``token``: what viewers must give, None where only this machine can reach it; to be shown to
    the person who started the hub, and to nobody else. Raises ToolError if the port is taken.
    """

    def __init__(
        self,
        registry: Registry,
        platforms: Mapping[str, Platform],
        version: str,
        host: str = "127.0.0.1",
        port: int | None = None,
    ) -> None:
        self.log = LogRing()
        self.token = None if _is_local(host) else secrets.token_urlsafe(32)
        self._host = host
        self._port = port
        self._feed = Feed(registry, platforms, self.log)
        self._hub: Json = {"version": version, "started": time.time()}
        self._listener: Listener | None = None

    async def start(self, boards: Shelf | None = None) -> None:
        """Returns when it serves."""
        logging.getLogger().addHandler(self.log)
        await self._feed.start(boards)
        wanted = DEFAULT_PORT if self._port is None else self._port
        try:
            await self._listen(wanted)
        except ToolError:
            if self._port is not None:
                raise
            await self._listen(0)

    async def _listen(self, port: int) -> None:
        guard = Guard(application(self._feed, self._hub), self.token)
        listener = Listener("the page", guard, self._host, port)
        await listener.start()
        self._listener = listener

    async def close(self) -> None:
        """Also after a `start` that failed."""
        await self._feed.close()
        if self._listener is not None:
            await self._listener.close()
        logging.getLogger().removeHandler(self.log)

    @property
    def address(self) -> str:
        """For a browser."""
        assert self._listener is not None
        host = from_elsewhere(self._host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._listener.port}/"


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
