"""All virtual boards of a hub, and what can be asked of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from motelink_tools.board.faults import FAULTS
from motelink_tools.board.virtual import CHIPS
from motelink_tools.errors import ToolError
from motelink_tools.hub.app.boards import firmware
from motelink_tools.hub.app.boards.board import HubBoard
from motelink_tools.hub.app.boards.records import Profile, Records, check
from motelink_tools.hub.app.platform import Call, Platform

_FOLDER = "boards"
_COALESCE_S = 0.1
_LOG = logging.getLogger("motelink.boards")


class Shelf:
    """``folder``: of the hub. In the hub's asyncio loop. ``on_change``: called there when a board
    has changed or printed something, ten times a second at most. Raises ToolError.
    """

    def __init__(self, folder: Path, platforms: Mapping[str, Platform]) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._folder = folder / _FOLDER
        self._platforms = platforms
        self._records = Records(folder)
        self._loop = asyncio.get_running_loop()
        self._due = False
        self._boards = {p.name: self._made(p) for p in self._records.all()}

    async def close(self) -> None:
        """Power off all of them. They are there again at the next start, off."""
        await asyncio.gather(*(asyncio.to_thread(b.stop) for b in self._boards.values()))
        self._records.close()

    def get(self, board: str) -> HubBoard:
        """One of them. Raises ToolError."""
        found = self._boards.get(board)
        if found is None:
            raise ToolError(f"there is no board {board[:40]!r}", kind="no_board")
        return found

    def add(
        self, profile: Profile, heard: Callable[[bytes], None] = lambda _data: None
    ) -> HubBoard:
        """One more, off. Raises ToolError."""
        check(profile)
        self._records.add(profile)
        board = self._boards[profile.name] = self._made(profile, heard)
        self._changed()
        return board

    def calls(self) -> Mapping[str, Call]:
        """By name."""
        return {
            "list": self._list,
            "console": self._console,
            "add": self._add,
            "remove": self._remove,
            "start": self._start,
            "stop": self._stop,
            "reset": self._reset,
            "suspend": self._suspend,
            "resume": self._resume,
            "type": self._type,
            "flash": self._flash,
            "fault": self._fault,
            "clear": self._clear,
        }

    def _made(
        self, profile: Profile, heard: Callable[[bytes], None] = lambda _data: None
    ) -> HubBoard:
        return HubBoard(profile, self._folder / profile.name, self._changed, heard)

    def _changed(self) -> None:
        """In any thread."""
        if not self._due and not self._loop.is_closed():
            self._due = True
            self._loop.call_soon_threadsafe(self._loop.call_later, _COALESCE_S, self._tell)

    def _tell(self) -> None:
        self._due = False
        self.on_change()

    # -- calls -----------------------------------------------------------------------------

    async def _list(self) -> dict[str, Any]:
        boards = [self._boards[name].public() for name in sorted(self._boards)]
        return {
            "boards": boards,
            "chips": CHIPS,
            "platforms": sorted(self._joinable()),
            "faults": [asdict(kind) for kind in FAULTS],
        }

    async def _console(self, board: str, after: int) -> dict[str, Any]:
        text, count = self.get(board).scrollback.after(after)
        return {"text": text, "count": count}

    async def _add(
        self,
        name: str,
        chip: str,
        heap: str,
        flash: str,
        firmware: str,
        platforms: list[str] | None,
    ) -> dict[str, Any]:
        joinable = sorted(self._joinable())
        unknown = sorted(set(platforms or ()) - set(joinable))
        if unknown:
            there = ", ".join(joinable)
            raise ToolError(f"no platform {unknown[0][:40]!r}; there are: {there}", kind="usage")
        chosen = tuple(joinable if platforms is None else platforms)
        board = self.add(Profile(name, chip, heap, flash, firmware, chosen))
        _LOG.info("%s is there", name)
        return board.public()

    async def _remove(self, board: str) -> None:
        found = self.get(board)
        await asyncio.to_thread(found.remove)
        self._records.remove(board)
        self._boards.pop(board, None)
        self._changed()
        _LOG.info("%s is removed", board)

    async def _start(self, board: str) -> None:
        await asyncio.to_thread(self.get(board).start)
        _LOG.info("%s is on", board)

    async def _stop(self, board: str) -> None:
        await asyncio.to_thread(self.get(board).stop)
        _LOG.info("%s is off", board)

    async def _reset(self, board: str) -> None:
        await asyncio.to_thread(self.get(board).reset)

    async def _suspend(self, board: str) -> None:
        await asyncio.to_thread(self.get(board).suspend)

    async def _resume(self, board: str) -> None:
        await asyncio.to_thread(self.get(board).resume)

    async def _type(self, board: str, text: str) -> None:
        await asyncio.to_thread(self.get(board).type, text)

    async def _fault(self, board: str, fault: str, value: float | None) -> None:
        await asyncio.to_thread(self.get(board).set_fault, fault, value)
        _LOG.info("%s: %s", board, fault)

    async def _clear(self, board: str, fault: str) -> None:
        await asyncio.to_thread(self.get(board).clear_fault, fault)
        _LOG.info("%s: no %s any more", board, fault)

    async def _flash(self, board: str) -> dict[str, Any]:
        found = self.get(board)
        settings = self._folder / board

        def plan() -> list[str]:
            work = self._settle(found.profile, settings)
            asyncio.run_coroutine_threadsafe(work, self._loop).result()
            return firmware.arguments(settings, found.profile.firmware)

        summary = (await asyncio.to_thread(found.flash, plan)).summary
        _LOG.info("%s is flashed: %d files, %d bytes", board, len(summary.sent), summary.bytes)
        return {
            "sent": summary.sent,
            "unchanged": len(summary.unchanged),
            "removed": summary.removed,
            "bytes": summary.bytes,
            "seconds": round(summary.seconds, 2),
        }

    # -- settings --------------------------------------------------------------------------

    def _joinable(self) -> dict[str, Call]:
        """The platforms that boards can join: their call says with which settings."""
        found = {name: p.calls().get("join") for name, p in tuple(self._platforms.items())}
        return {name: call for name, call in found.items() if call is not None}

    async def _settle(self, profile: Profile, folder: Path) -> None:
        """Write the settings with which it joins its platforms, with accounts of its own."""
        joined = self._records.joined(profile.name)
        joinable = self._joinable()
        settings: dict[str, Any] = {"wifi_ssid": "motelink"}
        for name in profile.platforms:
            if name in joinable:
                joined[name] = await joinable[name](profile.name, joined.get(name, {}))
                settings |= joined[name]
        self._records.join(profile.name, joined)
        await asyncio.to_thread(firmware.write_settings, folder, settings)
