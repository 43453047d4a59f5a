"""The hub at the terminal: where it serves, and a line for each thing that devices do."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from motelink_tools.hub.app import tables
from motelink_tools.hub.app.hub import Hub
from motelink_tools.hub.app.settings import Configuration
from motelink_tools.hub.app.verbs import printable
from motelink_tools.hub.registry import Event, Registry, Subscription
from motelink_tools.limits import allow_devices

# Events that may wait while the terminal is stopped (Ctrl-S, a full pipe).
_WAITING_EVENTS = 10_000


def serve(configuration: Configuration, *, as_json: bool = False) -> None:
    """Run a hub until SIGINT or SIGTERM, and print what happens. Raises ToolError.

    For people: a table of addresses, then lines. ``as_json``: an object a line, of which the
    first is ``{"event": "serving", "addresses": {platform: {what for: URL}}}``.
    """
    logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stderr)
    allow_devices()
    asyncio.run(_Terminal(configuration, as_json=as_json).run())


class _Terminal:
    def __init__(self, configuration: Configuration, *, as_json: bool) -> None:
        self._configuration = configuration
        self._write: Callable[[Registry, Event], None] = _print_json if as_json else _print_text
        self._as_json = as_json
        self._stop = asyncio.Event()
        self._reader_gone = False

    async def run(self) -> None:
        """Until a signal. Raises BrokenPipeError when nobody reads the lines any more."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop.set)
        hub = Hub(self._configuration, _say)
        with hub.registry.subscribe(_WAITING_EVENTS) as events:
            async with hub:
                self._try(_print_addresses, hub, self._as_json)
                printing = loop.create_task(self._print(hub.registry, events))
                await self._stop.wait()
                printing.cancel()
            for event in events.drain():
                self._try(self._write, hub.registry, event)
            if events.dropped:
                _say(f"{events.dropped} lines are missing: they were not read in time")
        if self._reader_gone:
            raise BrokenPipeError

    async def _print(self, registry: Registry, events: Subscription) -> None:
        while True:
            self._try(self._write, registry, await events.next())

    def _try(self, write: Callable[..., None], *what: Any) -> None:
        if self._reader_gone:
            return
        try:
            write(*what)
        except BrokenPipeError:  # head, less
            self._reader_gone = True
            self._stop.set()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_addresses(hub: Hub, as_json: bool) -> None:
    addresses = {name: platform.addresses() for name, platform in hub.platforms.items()}
    if as_json:
        serving = {"event": "serving", "folder": str(hub.folder.path), "addresses": addresses}
        page = {"page": hub.page.address, **({"token": hub.page.token} if hub.page.token else {})}
        _print_object({**serving, **page})
        return
    served = [
        ("" if number else name, purpose, address)
        for name, found in addresses.items()
        for number, (purpose, address) in enumerate(found.items())
    ]
    tables.show(
        ("platform", "for", "address"),
        [served, [("page", "browser", hub.page.address)]],
        title=f"motelink hub on {hub.folder.path}",
    )
    if hub.page.token:
        print(f"The page's token, shown once: {hub.page.token}")
    print("Ctrl-C ends it.", flush=True)


def _print_json(registry: Registry, event: Event) -> None:
    fields = _fields(registry, event)
    _print_object(
        {"event": event.kind, "platform": event.platform, "id": event.device_id, **fields}
    )


def _print_object(line: dict[str, Any]) -> None:
    print(json.dumps({"time": round(time.time(), 3), **line}), flush=True)


def _print_text(registry: Registry, event: Event) -> None:
    fields = "  ".join(
        f"{name} {value!r}" if name == "text" else f"{name} {value}"
        for name, value in _fields(registry, event).items()
        if value != ""
    )
    moment = time.strftime("%H:%M:%S", time.localtime(event.time))
    line = f"{moment} {event.platform:8} {event.kind:12} {event.device_id}  {fields}"
    print(printable(line.rstrip()), flush=True)


def _fields(registry: Registry, event: Event) -> dict[str, Any]:
    """What belongs to an event of this kind."""
    if event.kind == "connected":
        device = registry.device(event.platform, event.device_id)
        return {"kind": device.kind, "address": device.address} if device else {}
    if event.kind == "disconnected":
        return {"reason": event.reason}
    if event.kind == "heartbeat":
        return {"rtt_ms": round((event.rtt_s or 0) * 1000, 1)}
    if not event.beginning:
        return {"size": event.size}
    more = "..." if event.size > len(event.beginning) else ""
    return {"size": event.size, "text": event.beginning.decode(errors="replace") + more}
