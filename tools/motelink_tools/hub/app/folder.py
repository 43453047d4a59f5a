"""The folder of a hub: its databases, a lock, and how to reach the hub that runs on it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from motelink_tools.errors import ToolError

_LOCK = "hub.lock"
_STATE = "hub.json"


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that runs. Who can read ``token``, which only the owner can, may ask it anything."""

    pid: int
    host: str
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Folder:
    """Held by one hub at a time, from `hold` to `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def hold(self) -> None:
        """Raises ToolError if another hub has it, or it cannot be had."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ToolError(
                f"cannot use the folder {self.path}: {error.strerror}", kind="folder"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(lock, 20).decode()
            os.close(lock)
            raise ToolError(
                f"a hub (process {pid}) serves {self.path} already; stop it, or choose another"
                " folder with --folder",
                kind="hub_running",
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock

    def publish(self, running: Running) -> None:
        """Let command lines find the hub."""
        path = self.path / _STATE
        partial = path.with_suffix(".new")
        partial.unlink(missing_ok=True)
        partial.touch(0o600)
        partial.write_text(json.dumps(asdict(running)))
        partial.rename(path)

    def release(self) -> None:
        """May be called again, and without `hold`."""
        if self._lock is not None:
            (self.path / _STATE).unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def running(self) -> Running | None:
        """The hub that serves this folder, if one does."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            found = Running(**json.loads((self.path / _STATE).read_text()))
            lock = os.open(self.path / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return found
            finally:
                os.close(lock)
        return None
