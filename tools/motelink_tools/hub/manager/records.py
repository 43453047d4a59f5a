"""The devices that have been connected to a Manager of the hub, so that a restart forgets none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.store import Database

DATABASE = "manager.db"
# The protocol has no accounts: whoever invents ids must not fill the disk. The one longest away
# is forgotten first.
DEVICES = 2000
_MIGRATIONS = (
    """
    CREATE TABLE devices (
        id TEXT PRIMARY KEY,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        seen REAL NOT NULL
    );
    CREATE INDEX devices_seen ON devices (seen);
    """,
)


@dataclass(frozen=True, slots=True)
class Known:
    """``seen``: when it was connected last, in seconds since 1970."""

    type: str
    data: dict[str, Any]
    seen: float


class Records:
    """``clock``: seconds since 1970. Raises ToolError for a database that cannot be used."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(folder / DATABASE, _MIGRATIONS)
        self._clock = clock
        self._connected: dict[str, tuple[str, Any]] = {}
        self._known = {
            row["id"]: Known(row["type"], json.loads(row["data"]), row["seen"])
            for row in self._database.execute("SELECT * FROM devices ORDER BY seen")
        }

    def close(self) -> None:
        """The file."""
        self._database.close()

    def all(self) -> Mapping[str, Known]:
        """By id."""
        return self._known

    def update(self, connected: Mapping[str, tuple[str, dict[str, Any]]]) -> None:
        """These are connected now, with type and data; what has changed is written."""
        now = self._clock()
        changed = {
            **{i: found for i, found in self._connected.items() if i not in connected},
            **{i: found for i, found in connected.items() if self._connected.get(i) != found},
        }
        self._connected = dict(connected)
        if not changed:
            return
        with self._database.transaction():
            for device, (kind, data) in changed.items():
                self._known[device] = Known(kind, data, now)
                self._database.execute(
                    "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?)",
                    (device, kind, json.dumps(data), now),
                )
        self._forget_old()

    def forget(self, device: str) -> None:
        """Raises ToolError where there is none, or it is connected."""
        if device in self._connected:
            raise ToolError(f"{device} is connected", kind="connected")
        if self._known.pop(device, None) is None:
            raise ToolError(f"there is no device {device!r}", kind="no_device")
        self._database.execute("DELETE FROM devices WHERE id = ?", (device,))

    def _forget_old(self) -> None:
        away = [i for i in self._known if i not in self._connected]
        away.sort(key=lambda device: self._known[device].seen)
        for device in away[: max(0, len(self._known) - DEVICES)]:
            self.forget(device)
