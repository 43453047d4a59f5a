"""SQLite for the hub: one small database a platform, safe to use from any thread.

Each platform owns its tables, and gives the scripts that made them as ``migrations``. A database
that is damaged, or that a newer motelink has written, is refused with a ToolError that names it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from motelink_tools.errors import ToolError

Parameters = Sequence[Any] | Mapping[str, Any]

# How long a write waits for another process that writes.
_BUSY_S = 10.0

# What no SQL of ours can cause, and what can be said about it.
_FILE_FAULTS = {
    sqlite3.SQLITE_CORRUPT: "it is damaged; move it away to start with an empty one",
    sqlite3.SQLITE_NOTADB: "it is damaged or no database; move it away to start with an empty one",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk is full, or has a fault",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; expected a file that is yours to write",
    sqlite3.SQLITE_PERM: "it cannot be opened; expected a file that is yours to write",
    sqlite3.SQLITE_BUSY: "another process keeps it locked",
}


class Database:
    """One SQLite file (mode 0600) in a folder that is made 0700 if it is missing.

    ``migrations``: SQL scripts. Those that the file has not seen (``PRAGMA user_version`` counts
    them) run in their order, each as one transaction; append to them, never change one.
    Write-ahead log, foreign keys enforced. Calls of several threads wait for each other.

    Raises ToolError for whatever is wrong with the file, at opening and later; mistakes in SQL,
    and constraints that do not hold, are sqlite3's own errors (``sqlite3.IntegrityError``).
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(0o600)
        except OSError as error:
            raise ToolError(
                f"cannot use the database {path}: {error.strerror}", kind="database"
            ) from error
        with self._telling():
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
        self._connection.row_factory = sqlite3.Row
        try:
            self._open(migrations)
        except BaseException:
            self.close()
            raise

    def execute(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement; its rows (``row["column"]``), all of them. ``RETURNING`` works."""
        with self._lock, self._telling(), closing(self._connection.execute(sql, parameters)) as c:
            return c.fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """``with database.transaction():`` all that is executed inside holds, or none of it.

        Other threads wait; so never ``await`` inside. One inside another is part of it.
        """
        with self._lock:
            if self._depth == 0:
                self.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                # SQLite has rolled back by itself after some faults.
                if self._depth == 0 and self._connection.in_transaction:
                    self.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self.execute("COMMIT")

    def close(self) -> None:
        """Close the file; its write-ahead log is folded into it. May be called again."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, migrations: Sequence[str]) -> None:
        self._log_ahead()
        self.execute("PRAGMA synchronous = NORMAL")
        self.execute("PRAGMA foreign_keys = ON")
        # Inside the transaction: another process may be doing the same.
        with self.transaction():
            version: int = self.execute("PRAGMA user_version")[0][0]
            if version > len(migrations):
                raise ToolError(
                    f"cannot use the database {self.path}: a newer motelink has written it"
                    f" (version {version}, this one knows {len(migrations)}); update motelink",
                    kind="database",
                )
        for number, script in enumerate(migrations[version:], version + 1):
            with self.transaction():
                if self.execute("PRAGMA user_version")[0][0] < number:
                    for statement in _statements(script):
                        self.execute(statement)
                    self.execute(f"PRAGMA user_version = {number}")

    def _log_ahead(self) -> None:
        # Two processes may do this at once, and here SQLite does not wait, whatever the timeout.
        end = time.monotonic() + _BUSY_S
        while True:
            try:
                self.execute("PRAGMA journal_mode = WAL")
                return
            except ToolError as error:
                busy = getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY")
                if not busy or time.monotonic() > end:
                    raise
                time.sleep(0.01)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code not in _FILE_FAULTS:
                raise
            raise ToolError(
                f"cannot use the database {self.path}: {_FILE_FAULTS[code]}", kind="database"
            ) from error


def _statements(script: str) -> Iterator[str]:
    """One by one: ``executescript`` would end the transaction that it runs in."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
