"""One page's stream of server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from motelink_tools.errors import ToolError
from motelink_tools.hub.web.details import Json, Key
from motelink_tools.hub.web.feed import Feed, Viewer

_SILENCE_S = 5.0
# What takes the platforms some work is not asked for at every turn.
_ASK_S = {"about": 0.9, "graphs": 0.9, "graph": 0.4}
_RETRY = "retry: 1000\n\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page shows. Without anything it gets the devices alone."""

    device: Key | None = None
    graph: tuple[str, str] | None = None
    graphs: bool = False
    log: bool = False
    boards: bool = False
    board: str | None = None


class Stream:
    """``async for text in Stream(feed, wanted, hub).events()``.

    Events: ``hub`` (once), ``devices`` (rows that changed, ids that are gone; first all of them),
    ``device`` (new messages and points; first those that there are), ``about``, ``graphs``,
    ``graph``, ``seen``, ``boards`` (when they changed), ``console`` (what a board has printed
    since), ``log`` (new lines), ``still`` (after a silence).
    """

    def __init__(self, feed: Feed, wanted: Wanted, hub: Json) -> None:
        self._feed = feed
        self._wanted = wanted
        self._hub = hub
        self._first = True
        self._message = 0
        self._points: dict[str, int] = {}
        self._line = 0
        self._printed = 0
        self._sent: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}

    async def events(self) -> AsyncIterator[str]:
        """Until the hub closes."""
        with self._feed.viewer() as viewer:
            yield _RETRY + _event(
                "hub",
                json.dumps({**self._hub, "time": time.time(), "platforms": self._feed.serving()}),
            )
            while not self._feed.closing:
                viewer.wake.clear()
                text = await self._news(viewer)
                if text:
                    yield text
                try:
                    async with asyncio.timeout(_SILENCE_S):
                        await viewer.wake.wait()
                except TimeoutError:
                    yield _event("still", "{}")

    async def _news(self, viewer: Viewer) -> str:
        parts = [self._devices(viewer)]
        wanted = self._wanted
        if wanted.device:
            parts.append(self._device(wanted.device))
            platform, device = wanted.device
            parts.append(await self._asked("about", platform, "about", device=device))
        if wanted.graphs:
            parts.append(await self._asked("graphs", "iottalk", "graphs"))
        if wanted.graph:
            client, graph = wanted.graph
            for name in ("graph", "seen"):
                parts.append(await self._asked(name, "iottalk", name, client=client, graph=graph))
        if wanted.boards:
            parts.append(await self._asked("boards", "boards", "list"))
        if wanted.board is not None:
            parts.append(self._console(wanted.board))
        if wanted.log and (lines := self._feed.log.after(self._line)):
            self._line = lines[-1]["number"]
            parts.append(_event("log", json.dumps(lines)))
        self._first = False
        return "".join(parts)

    def _devices(self, viewer: Viewer) -> str:
        keys = viewer.take()
        if not keys and not self._first:
            return ""
        rows = self._feed.rows
        changed = ",".join(rows[key] for key in keys if key in rows)
        gone = json.dumps([list(key) for key in keys if key not in rows])
        first = json.dumps(self._first)
        return _event("devices", f'{{"all":{first},"rows":[{changed}],"gone":{gone}}}')

    def _device(self, key: Key) -> str:
        detail = self._feed.details.get(key)
        if detail is None:
            return _event("device", '{"all":true,"messages":[],"series":{}}') * self._first
        if detail.number < self._message:  # forgotten meanwhile, and begun anew
            self._first, self._message, self._points = True, 0, {}
        messages = [found for found in detail.messages if found["number"] > self._message]
        series = {
            name: found.since(self._points.get(name, 0))
            for name, found in detail.series.items()
            if found.count > self._points.get(name, 0)
        }
        if not messages and not series and not self._first:
            return ""
        self._message = detail.number
        self._points = {name: found.count for name, found in detail.series.items()}
        news = {"all": self._first, "messages": messages, "series": series}
        return _event("device", json.dumps(news))

    def _console(self, board: str) -> str:
        """What is here no more is left out: who reads slowly gets the last of it."""
        try:
            console = self._feed.boards.get(board).scrollback if self._feed.boards else None
        except ToolError:
            console = None
        anew = self._first or console is None or console.count < self._printed
        text, count = console.after(0 if anew else self._printed) if console else ("", 0)
        if count == self._printed and not self._first:
            return ""
        self._printed = count
        return _event("console", json.dumps({"all": anew, "text": text}))

    async def _asked(self, event: str, platform: str, call: str, **arguments: str) -> str:
        """What a platform says, if it has changed."""
        now = time.monotonic()
        if now - self._asked_at.get(event, -60) < _ASK_S.get(event, 0):
            return ""
        self._asked_at[event] = now
        asked = self._feed.calls(platform).get(call)
        try:
            text = json.dumps(await asked(**arguments) if asked else None)
        except ToolError as error:
            text = json.dumps({"error": str(error)})
        if self._sent.get(event) == text:
            return ""
        self._sent[event] = text
        return _event(event, text)


def _event(name: str, text: str) -> str:
    return f"event: {name}\ndata: {text}\n\n"
