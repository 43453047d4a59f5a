"""What the SEPL platform keeps: users, gateways, their devices, and events."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink.sepl_device import Device, local_hash
from motelink_tools.errors import ToolError
from motelink_tools.hub import credentials
from motelink_tools.hub.store import Database

_MIGRATIONS = [
    """
    CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT NOT NULL, added REAL NOT NULL);
    CREATE TABLE gateways (
        gid TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
        hash TEXT NOT NULL,
        added REAL NOT NULL
    );
    CREATE TABLE devices (
        gid TEXT NOT NULL REFERENCES gateways (gid) ON DELETE CASCADE,
        uri TEXT NOT NULL,
        name TEXT NOT NULL,
        iot_type TEXT NOT NULL,
        tags TEXT NOT NULL,
        connected INTEGER NOT NULL,
        PRIMARY KEY (gid, uri)
    );
    CREATE TABLE events (
        id INTEGER PRIMARY KEY,
        gid TEXT NOT NULL,
        device TEXT NOT NULL,
        service TEXT NOT NULL,
        value TEXT NOT NULL,
        time REAL NOT NULL
    );
    CREATE INDEX events_by_device ON events (device, time);
    """
]
# Events that are kept; the oldest go.
_EVENTS = 1_000_000


@dataclass(frozen=True)
class DeviceRow:
    """A device as its gateway has put it; ``tags``: "id:tag" each."""

    gid: str
    uri: str
    name: str
    iot_type: str
    tags: list[str]
    connected: bool


@dataclass(frozen=True)
class EventRow:
    """``value`` is what the device gave as payload; ``time``: seconds since 1970."""

    device: str
    service: str
    value: Any
    time: float


class Records:
    """``clock``: seconds since 1970."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(path, _MIGRATIONS)
        self._clock = clock

    def add_user(self, name: str, password: str = "") -> str:
        """A new user; returns the password, which is not kept. Raises ToolError."""
        if not name or not name.isprintable():
            raise ToolError("a user needs a name of printable characters", kind="bad_user")
        password = password or credentials.new_secret()
        try:
            self._database.execute(
                "INSERT INTO users VALUES (?, ?, ?)",
                (name, credentials.hashed(password), self._clock()),
            )
        except sqlite3.IntegrityError:
            raise ToolError(f"there is a user {name!r} already", kind="bad_user") from None
        return password

    def remove_user(self, name: str) -> None:
        """Forget a user, the gateways and their devices. Raises ToolError."""
        if not self._database.execute("DELETE FROM users WHERE name = ? RETURNING name", (name,)):
            raise ToolError(f"there is no user {name!r}", kind="no_user")

    def gateways(self, user: str) -> list[str]:
        """The ids of a user's gateways."""
        rows = self._database.execute("SELECT gid FROM gateways WHERE user = ?", (user,))
        return [row["gid"] for row in rows]

    def users(self) -> list[str]:
        """All names."""
        return [row["name"] for row in self._database.execute("SELECT name FROM users")]

    def knows(self, user: str, password: str) -> bool:
        """Whether there is such a user with this password."""
        rows = self._database.execute("SELECT password FROM users WHERE name = ?", (user,))
        return credentials.matches(password, rows[0]["password"] if rows else "")

    def gateway(self, user: str, gid: str) -> tuple[str, str]:
        """The gateway's id, a new one unless it is this user's already, and its hash."""
        rows = self._database.execute(
            "SELECT gid, hash FROM gateways WHERE gid = ? AND user = ?", (gid, user)
        )
        if rows:
            return rows[0]["gid"], rows[0]["hash"]
        new, nothing = str(uuid.uuid4()), local_hash([])
        self._database.execute(
            "INSERT INTO gateways VALUES (?, ?, ?, ?)", (new, user, nothing, self._clock())
        )
        return new, nothing

    def clear(self, gid: str) -> None:
        """A synchronisation begins: no devices but those that were disconnected, and no hash until
        it is committed."""
        with self._database.transaction():
            self._database.execute("DELETE FROM devices WHERE gid = ? AND connected", (gid,))
            self._set_hash(gid, "")

    def put(self, gid: str, device: Device) -> None:
        """Keep a device, connected."""
        row = device.as_put()
        self._database.execute(
            "INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?, ?, 1)",
            (gid, row["uri"], row["name"], row["iot_type"], json.dumps(row["tags"])),
        )

    def disconnect(self, gid: str, uri: str) -> bool:
        """The device is not there now; the gateway keeps it. False for one unknown."""
        return self._changed(
            "UPDATE devices SET connected = 0 WHERE gid = ? AND uri = ? RETURNING uri", gid, uri
        )

    def delete(self, gid: str, uri: str) -> bool:
        """Forget a device. False for one unknown."""
        return self._changed(
            "DELETE FROM devices WHERE gid = ? AND uri = ? RETURNING uri", gid, uri
        )

    def commit(self, gid: str, their_hash: str) -> bool:
        """The gateway says what the hash of its connected devices is; False where it is another
        one here."""
        devices = []
        for row in self.devices(gid):
            if not row.connected:
                continue
            device = Device(row.uri, row.iot_type, row.name)
            for tag in row.tags:
                device.addTag(*tag.split(":", 1))
            devices.append(device)
        if local_hash(devices) != their_hash:
            return False
        self._set_hash(gid, their_hash)
        return True

    def devices(self, gid: str = "") -> list[DeviceRow]:
        """Of one gateway, or all."""
        rows = self._database.execute(
            "SELECT * FROM devices WHERE gid = ? OR ? = '' ORDER BY uri", (gid, gid)
        )
        return [
            DeviceRow(
                *(row["gid"], row["uri"], row["name"], row["iot_type"]),
                json.loads(row["tags"]),
                bool(row["connected"]),
            )
            for row in rows
        ]

    def has_device(self, gid: str, uri: str) -> bool:
        """Whether the gateway has put it."""
        sql = "SELECT 1 FROM devices WHERE gid = ? AND uri = ?"
        return bool(self._database.execute(sql, (gid, uri)))

    def count(self, gid: str) -> int:
        """How many devices a gateway has."""
        sql = "SELECT count(*) AS n FROM devices WHERE gid = ?"
        count: int = self._database.execute(sql, (gid,))[0]["n"]
        return count

    def add_event(self, gid: str, device: str, service: str, value: Any) -> None:
        """Keep an event, stamped now."""
        with self._database.transaction():
            new = self._database.execute(
                "INSERT INTO events (gid, device, service, value, time) VALUES (?, ?, ?, ?, ?)"
                " RETURNING id",
                (gid, device, service, json.dumps(value), self._clock()),
            )[0]["id"]
            self._database.execute("DELETE FROM events WHERE id <= ?", (new - _EVENTS,))

    def events(
        self, device: str, since: float = 0, until: float = 1e12, limit: int = 1000
    ) -> list[EventRow]:
        """The last ``limit`` events from ``since`` to before ``until``, oldest first."""
        rows = self._database.execute(
            "SELECT * FROM events WHERE device = ? AND time >= ? AND time < ?"
            " ORDER BY id DESC LIMIT ?",
            (device, since, until, limit),
        )
        return [
            EventRow(row["device"], row["service"], json.loads(row["value"]), row["time"])
            for row in reversed(rows)
        ]

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _set_hash(self, gid: str, value: str) -> None:
        self._database.execute("UPDATE gateways SET hash = ? WHERE gid = ?", (value, gid))

    def _changed(self, sql: str, gid: str, uri: str) -> bool:
        return bool(self._database.execute(sql, (gid, uri)))
