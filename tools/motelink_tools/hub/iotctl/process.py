"""The server as a process: one for each folder, found again through its pid file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.hub.iotctl.settings import Settings

_START_S = 30.0
_STOP_S = 20.0
_POLL_S = 0.05
# Who reads the file has the lock for a moment.
_LOCK_S = 1.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that serves."""

    pid: int
    url: str


class PidFile:
    """Locked as long as its process lives, whatever ends it: so it is never stale."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[PidFile]:
        """Be the one. Raises ToolError if another is."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._path.open("a+") as file:
            end = time.monotonic() + _LOCK_S
            while not _lock(file.fileno()):
                if time.monotonic() > end:
                    raise ToolError(
                        f"a server runs already ({self._path}); 'iotctl stop' ends it",
                        kind="running",
                    )
                time.sleep(_POLL_S)
            file.truncate(0)
            yield self

    def say(self, url: str) -> None:
        """It serves now, there."""
        self._path.write_text(json.dumps({"pid": os.getpid(), "url": url}))

    def read(self) -> Running | None:
        """Who serves, if anybody does."""
        try:
            with self._path.open("r+") as file:
                if _lock(file.fileno()):
                    return None
                found = json.load(file)
                return Running(found["pid"], found["url"])
        except (OSError, ValueError, KeyError):
            return None


def start(settings: Settings, words: list[str]) -> Running:
    """Run ``words``, a command that serves, in the background. Raises ToolError."""
    if PidFile(settings.pid_file).read() is not None:
        raise ToolError("a server runs already; 'iotctl restart' starts it anew", kind="running")
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with settings.log_file.open("ab") as log:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        running = PidFile(settings.pid_file).read()
        if running is not None and running.pid == process.pid:
            process.returncode = 0  # it outlives us: not a child to be missed
            return running
        if process.poll() is not None:
            lines = settings.log_file.read_text(errors="replace").strip().splitlines()
            reason = lines[-1].removeprefix("iotctl: ") if lines else "it said nothing"
            raise ToolError(f"the server did not start: {reason}", kind="failed")
        time.sleep(_POLL_S)
    process.kill()
    process.wait()
    raise ToolError(f"the server did not start in {_START_S:.0f} s", kind="failed")


def serving_command(config: Path | None, *, debug: bool) -> list[str]:
    """The command that `start` is for."""
    program = "import sys; from motelink_tools.cli.iotctl import main; sys.exit(main())"
    chosen = ["--config", str(config.absolute())] if config is not None else []
    if debug:
        chosen.append("--debug")
    return [sys.executable, "-c", program, *chosen, "start", "csm"]


def stop(settings: Settings) -> Running | None:
    """End it, and wait until it has; None if none runs. Raises ToolError."""
    file = PidFile(settings.pid_file)
    running = file.read()
    if running is None:
        return None
    os.kill(running.pid, signal.SIGTERM)
    end = time.monotonic() + _STOP_S
    while file.read() is not None:
        if time.monotonic() > end:
            raise ToolError(f"process {running.pid} does not end", kind="failed")
        time.sleep(_POLL_S)
    return running


def _lock(descriptor: int) -> bool:
    """Whether nobody else has it."""
    try:
        import fcntl
    except ImportError:
        raise ToolError("iotctl needs Linux or macOS", kind="platform") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
