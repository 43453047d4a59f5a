"""What a local Losant keeps: its devices, with hashed secrets, and the states they reported."""

from __future__ import annotations

import json
import secrets
import sqlite3
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker import Hashed, hash_password
from motelink_tools.hub.store import Database

# States that are read at once: one may have 256 KiB.
_PAGE = 100

FILE_NAME = "losant.db"

MIGRATIONS = (
    """
    CREATE TABLE devices (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        key TEXT NOT NULL UNIQUE,
        secret TEXT NOT NULL,
        attributes TEXT NOT NULL
    );
    CREATE TABLE states (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
        time INTEGER NOT NULL,
        arrived INTEGER NOT NULL,
        data TEXT NOT NULL
    );
    CREATE INDEX states_by_time ON states (device, time);
    CREATE INDEX states_by_arrival ON states (arrived);
    """,
)

# The types that an attribute can be held to, and what is one.
TYPES: Mapping[str, tuple[type, ...]] = {
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Device:
    """One device. ``secret`` is a hash; ``attributes``: type by name, empty lets all through."""

    id: str
    name: str
    key: str
    secret: Hashed
    attributes: dict[str, str]

    def why_not(self, data: Mapping[str, Any]) -> dict[str, str]:
        """The attributes of ``data`` that it does not have, each with what is wrong."""
        if not self.attributes:
            return {}
        return {
            name: reason
            for name, value in data.items()
            if (reason := _misfit(self.attributes.get(name), value))
        }


@dataclass(frozen=True, slots=True)
class StoredState:
    """Times are milliseconds since 1970. ``number`` grows with every state of any device."""

    number: int
    device: str
    time: int
    data: dict[str, Any]


class Records:
    """The tables. Safe to use from any thread; other processes may read and write meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- devices ---------------------------------------------------------------------------

    def add(self, name: str, attributes: Mapping[str, str]) -> tuple[Device, str]:
        """A new device, and its secret, which is kept nowhere. Raises ToolError."""
        if not name.isprintable() or name.strip() != name or not name:
            raise ToolError(
                f"a device cannot be named {name!r}: expected a word or more to print",
                kind="usage",
            )
        unknown = sorted(set(attributes.values()) - set(TYPES))
        if unknown:
            raise ToolError(
                f"no attribute can be of type {unknown[0]!r}; there are: {', '.join(TYPES)}",
                kind="usage",
            )
        secret = secrets.token_hex(32)
        device = Device(
            secrets.token_hex(12), name, str(uuid.uuid4()), hash_password(secret), dict(attributes)
        )
        try:
            self._database.execute(
                "INSERT INTO devices VALUES (?, ?, ?, ?, ?)",
                (device.id, name, device.key, device.secret, json.dumps(device.attributes)),
            )
        except sqlite3.IntegrityError:
            raise ToolError(
                f"there is a device {name!r} already; remove it first, or choose another name",
                kind="device_exists",
            ) from None
        return device, secret

    def remove(self, name_or_id: str) -> Device:
        """Forget a device and its states. Raises ToolError if there is none."""
        device = self.find(name_or_id)
        self._database.execute("DELETE FROM devices WHERE id = ?", (device.id,))
        return device

    def find(self, name_or_id: str) -> Device:
        """Raises ToolError if there is none."""
        rows = self._database.execute(
            "SELECT * FROM devices WHERE id = :d OR name = :d ORDER BY id = :d DESC",
            {"d": name_or_id},
        )
        if not rows:
            known = ", ".join(device.name for device in self.devices()) or "none"
            raise ToolError(
                f"no Losant device {name_or_id!r}; there are: {known}", kind="no_device"
            )
        return _device(rows[0])

    def devices(self) -> list[Device]:
        """All, by name."""
        rows = self._database.execute("SELECT * FROM devices ORDER BY name")
        return [_device(row) for row in rows]

    # -- states ----------------------------------------------------------------------------

    def store(self, device: str, time_ms: int, arrived_ms: int, data: Mapping[str, Any]) -> None:
        """Keep one state."""
        self._database.execute(
            "INSERT INTO states (device, time, arrived, data) VALUES (?, ?, ?, ?)",
            (device, time_ms, arrived_ms, json.dumps(data, ensure_ascii=False)),
        )

    def states(
        self,
        device: str,
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int | None = None,
        room: int | None = None,
    ) -> list[StoredState]:
        """Those of one device (its id), ``since`` included and ``until`` not, in order of time.

        ``limit`` keeps the newest; ``room`` those that have so many characters of JSON in all.
        """
        rows = []
        for row in self._newest_first(device, since_ms, until_ms, limit):
            if room is not None:
                room -= len(row["data"])
                if room < 0:
                    break
            rows.append(row)
        return [_state(row) for row in reversed(rows)]

    def _newest_first(
        self, device: str, since_ms: int | None, until_ms: int | None, limit: int | None
    ) -> Iterator[sqlite3.Row]:
        since = -(2**63) if since_ms is None else since_ms
        before = 2**63 - 1 if until_ms is None else until_ms, 0
        left = sys.maxsize if limit is None else limit
        while left > 0:
            rows = self._database.execute(
                "SELECT * FROM states WHERE device = ? AND time >= ? AND time <= ?"
                " AND (time, number) < (?, ?) ORDER BY time DESC, number DESC LIMIT ?",
                (device, since, before[0], *before, min(left, _PAGE)),
            )
            yield from rows
            if len(rows) < _PAGE:
                break
            left -= len(rows)
            before = rows[-1]["time"], rows[-1]["number"]

    def last_number(self) -> int:
        """Of the newest state, of any device; 0 when there is none."""
        newest: int = self._database.execute("SELECT coalesce(max(number), 0) FROM states")[0][0]
        return newest

    def states_after(self, number: int) -> Iterator[StoredState]:
        """Those that came later than one, of any device."""
        rows = self._database.execute(
            "SELECT * FROM states WHERE number > ? ORDER BY number", (number,)
        )
        return map(_state, rows)

    def forget_before(self, arrived_ms: int) -> None:
        """Drop the states that arrived before a moment."""
        self._database.execute("DELETE FROM states WHERE arrived < ?", (arrived_ms,))


def _misfit(kind: str | None, value: Any) -> str:
    if kind is None:
        return "is not one of the device's attributes"
    if not isinstance(value, TYPES[kind]) or (kind == "number" and isinstance(value, bool)):
        return f"is a {kind}, got {json.dumps(value)[:40]}"
    return ""


def _device(row: sqlite3.Row) -> Device:
    return Device(
        row["id"], row["name"], row["key"], Hashed(row["secret"]), json.loads(row["attributes"])
    )


def _state(row: sqlite3.Row) -> StoredState:
    return StoredState(row["number"], row["device"], row["time"], json.loads(row["data"]))
