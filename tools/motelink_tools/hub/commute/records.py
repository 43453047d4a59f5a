"""What the IoT Commute server keeps: devices, their keys, and the last state of each sensor."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub import credentials
from motelink_tools.hub.store import Database

_MIGRATIONS = [
    """
    CREATE TABLE devices (id TEXT PRIMARY KEY, key TEXT NOT NULL, added REAL NOT NULL);
    CREATE TABLE states (
        device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
        sensor TEXT NOT NULL,
        status TEXT NOT NULL,
        time REAL NOT NULL,
        PRIMARY KEY (device, sensor)
    );
    """
]
# Of one device; a firmware that makes sensor names up must not fill the disk.
_SENSORS = 256


class Records:
    """``clock``: seconds since 1970."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(path, _MIGRATIONS)
        self._clock = clock

    def add(self, device: str, key: str = "") -> str:
        """A new device; returns its key, which is not kept. Raises ToolError."""
        if not device or not device.isprintable():
            raise ToolError("a device needs an id of printable characters", kind="bad_device")
        key = key or credentials.new_secret()
        try:
            self._database.execute(
                "INSERT INTO devices VALUES (?, ?, ?)",
                (device, credentials.hashed(key), self._clock()),
            )
        except sqlite3.IntegrityError:
            raise ToolError(f"there is a device {device!r} already", kind="bad_device") from None
        return key

    def remove(self, device: str) -> None:
        """Forget a device and its states. Raises ToolError."""
        if not self._database.execute("DELETE FROM devices WHERE id = ? RETURNING id", (device,)):
            raise ToolError(f"there is no device {device!r}", kind="no_device")

    def devices(self) -> list[str]:
        """The ids of all devices."""
        return [row["id"] for row in self._database.execute("SELECT id FROM devices ORDER BY id")]

    def knows(self, device: str, key: str) -> bool:
        """Whether there is such a device and this is its key."""
        rows = self._database.execute("SELECT key FROM devices WHERE id = ?", (device,))
        # Of no device too the time of a comparison: ids cannot be guessed by the clock.
        return credentials.matches(key, rows[0]["key"] if rows else "")

    def put(self, device: str, status: dict[str, Any]) -> bool:
        """Keep the last state of ``status["sensor"]``; False for a sensor too many."""
        with self._database.transaction():
            known = self._database.execute(
                "SELECT count(*) AS n, total(sensor = ?) AS this FROM states WHERE device = ?",
                (status["sensor"], device),
            )[0]
            if known["n"] >= _SENSORS and not known["this"]:
                return False
            self._database.execute(
                "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?)",
                (device, status["sensor"], json.dumps(status), self._clock()),
            )
        return True

    def state(self, device: str, sensor: str) -> dict[str, Any]:
        """The last state, as it was put; with value None where there was none."""
        rows = self._database.execute(
            "SELECT status FROM states WHERE device = ? AND sensor = ?", (device, sensor)
        )
        found: dict[str, Any] = (
            json.loads(rows[0]["status"]) if rows else {"sensor": sensor, "value": None}
        )
        return found

    def states(self, device: str) -> list[tuple[dict[str, Any], float]]:
        """The last state of every sensor, and when it came."""
        rows = self._database.execute(
            "SELECT status, time FROM states WHERE device = ? ORDER BY sensor", (device,)
        )
        return [(json.loads(row["status"]), row["time"]) for row in rows]

    def close(self) -> None:
        """Close the database."""
        self._database.close()
