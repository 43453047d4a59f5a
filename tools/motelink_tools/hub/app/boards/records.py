"""Which boards there are: a database, so that they are there after a restart of the hub."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink_tools.board.virtual import CHIPS, parse_size
from motelink_tools.errors import ToolError
from motelink_tools.hub.store import Database

DATABASE = "boards.db"
BOARDS = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_LEAST = 16 << 10
_MOST_HEAP = 16 << 20
_MOST_FLASH = 64 << 20
_MIGRATIONS = (
    """
    CREATE TABLE boards (
        name TEXT PRIMARY KEY,
        chip TEXT NOT NULL,
        heap TEXT NOT NULL,
        flash TEXT NOT NULL,
        firmware TEXT NOT NULL,
        platforms TEXT NOT NULL,
        joined TEXT NOT NULL DEFAULT '{}'
    );
    """,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a board is made of, see `check`.

    ``firmware``: a folder on this machine, whose files go over the SDK's own; "": these alone.
    ``platforms``: of the hub, that its settings let it join.
    """

    name: str
    chip: str = CHIPS[0]
    heap: str = "160k"
    flash: str = "1M"
    firmware: str = ""
    platforms: tuple[str, ...] = ()


def check(profile: Profile) -> None:
    """Raises ToolError for what cannot be."""
    if not _NAME.fullmatch(profile.name):
        raise _wrong("a board's name has letters, digits, - and _, at most 40")
    if profile.chip not in CHIPS:
        raise _wrong(f"expected the chip {' or '.join(CHIPS)}, got {profile.chip[:40]!r}")
    for what, most in (("heap", _MOST_HEAP), ("flash", _MOST_FLASH)):
        text = getattr(profile, what)[:40]
        if parse_size(text, _LEAST) > most:
            raise _wrong(f"{what}: expected {most >> 20}M at most, got {text!r}")
    # Not Path.is_dir, which raises OSError for a name that is too long.
    if profile.firmware and not os.path.isdir(profile.firmware):  # noqa: PTH112
        raise _wrong(f"there is no folder {profile.firmware[:200]!r} on the hub's machine")


class Records:
    """``folder``: of the hub."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / DATABASE, _MIGRATIONS)

    def close(self) -> None:
        """The file."""
        self._database.close()

    def all(self) -> list[Profile]:
        """By name."""
        return [
            _profile(row) for row in self._database.execute("SELECT * FROM boards ORDER BY name")
        ]

    def add(self, profile: Profile) -> None:
        """One more. Raises ToolError if there is one of that name, or there are enough."""
        if len(self.all()) >= BOARDS:
            raise ToolError(f"there are {BOARDS} boards; remove one first", kind="too_many")
        try:
            self._database.execute(
                "INSERT INTO boards (name, chip, heap, flash, firmware, platforms)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    profile.name,
                    profile.chip,
                    profile.heap,
                    profile.flash,
                    profile.firmware,
                    json.dumps(profile.platforms),
                ),
            )
        except sqlite3.IntegrityError:
            raise ToolError(f"there is a board {profile.name!r} already", kind="exists") from None

    def remove(self, name: str) -> None:
        """Forget it."""
        self._database.execute("DELETE FROM boards WHERE name = ?", (name,))

    def joined(self, name: str) -> dict[str, Any]:
        """The settings that each platform gave it, with their secrets."""
        rows = self._database.execute("SELECT joined FROM boards WHERE name = ?", (name,))
        found: dict[str, Any] = json.loads(rows[0]["joined"]) if rows else {}
        return found

    def join(self, name: str, joined: dict[str, Any]) -> None:
        """Keep these."""
        text = json.dumps(joined)
        self._database.execute("UPDATE boards SET joined = ? WHERE name = ?", (text, name))


def _profile(row: sqlite3.Row) -> Profile:
    platforms = tuple(json.loads(row["platforms"]))
    return Profile(row["name"], row["chip"], row["heap"], row["flash"], row["firmware"], platforms)


def _wrong(text: str) -> ToolError:
    return ToolError(text, kind="usage")
