"""Mosquitto as a child process: a real MQTT broker on 127.0.0.1, gone when it is left.

Taken from PATH or /usr/sbin. Where it is not installed, Debian's package and the libraries that
this machine lacks are fetched once into the user's cache, from the mirrors that the machine's apt
already uses; nothing is installed and no root is needed.
"""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from motelink_tools.errors import ToolError
from motelink_tools.paths import cache_folder

_START_S = 20.0
_STOP_S = 20.0
_APT_S = 600
_APT_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
"""

Say = Callable[[str], None]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Mosquitto:
    """The programs, and the folder of the libraries that they need besides the system's."""

    broker: Path
    passwd: Path
    libraries: Path | None = None

    def environment(self) -> dict[str, str]:
        """What a process of it is started with."""
        if self.libraries is None:
            return dict(os.environ)
        found = [str(self.libraries), os.environ.get("LD_LIBRARY_PATH", "")]
        return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, found))}


def find(say: Say = _to_stderr) -> Mosquitto:
    """The installed mosquitto, or the cached one, fetched on first use. Raises ToolError."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    broker = shutil.which("mosquitto", path=search)
    passwd = shutil.which("mosquitto_passwd", path=search)
    if broker and passwd:
        return Mosquitto(Path(broker), Path(passwd))
    folder = cache_folder() / "mosquitto"
    if not folder.is_dir():
        say(f"motelink: fetching mosquitto (once, 4 MB) to {folder}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="mosquitto.") as partial:
            _fetch(Path(partial))
            (Path(partial) / "root").chmod(0o755)
            # Another process may have been first: then its folder serves.
            with contextlib.suppress(OSError):
                (Path(partial) / "root").rename(folder)
    libraries = next(iter(folder.glob("usr/lib/*-linux-*")), None)
    return Mosquitto(folder / "usr/sbin/mosquitto", folder / "usr/bin/mosquitto_passwd", libraries)


class Broker:
    """One mosquitto on 127.0.0.1, with its configuration and data in a folder of its own.

    ``port``: 0 takes a free one, and keeps it over restarts. ``users``: password by name; empty
    lets everybody in. ``acl``: lines of mosquitto's ``acl_file``. ``options``: more lines of
    ``mosquitto.conf``. Sessions and queued messages are saved when it stops.

    ``with Broker() as broker:`` starts it and stops it. Raises ToolError.
    """

    def __init__(
        self,
        port: int = 0,
        users: Mapping[str, str] | None = None,
        acl: Iterable[str] = (),
        options: Iterable[str] = (),
        say: Say = _to_stderr,
    ) -> None:
        self.port = port or _free_port()
        self._users = dict(users or {})
        self._acl = list(acl)
        self._options = list(options)
        self._programs = find(say)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Broker":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Of the running process."""
        if self._process is None:
            raise ToolError("the broker is not running", kind="broker_stopped")
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written, over all its runs."""
        return (self.folder / "log").read_text(errors="replace")

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        if self._process is not None:
            raise ToolError("the broker is running already", kind="broker_running")
        configuration = self._configure()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs.broker), "-c", str(configuration)],
                env=self._programs.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + _START_S
        while not _accepts(self.port):
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                lines = self.log.strip().splitlines()
                reason = [line for line in lines if "Error: " in line] or lines or ["no reason"]
                raise ToolError(f"mosquitto did not start: {reason[-1]}", kind="broker_failed")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as its service would be ended: it saves what must outlive it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Let it hang: connections stay, nothing is read or answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self.resume()
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    @property
    def folder(self) -> Path:
        """Its configuration, data, users and log; gone after `close`."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="motelink-broker-")
        return Path(self._folder.name)

    def _configure(self) -> Path:
        folder = self.folder
        lines = [
            f"user {getpass.getuser()}",  # mosquitto leaves root for another user otherwise
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "log_dest stdout",
            f"allow_anonymous {'false' if self._users else 'true'}",
        ]
        if self._users:
            lines.append(f"password_file {self._write_users()}")
        if self._acl:
            acl = folder / "acl"
            acl.write_text("\n".join(self._acl) + "\n")
            lines.append(f"acl_file {acl}")
        configuration = folder / "mosquitto.conf"
        configuration.write_text("\n".join([*lines, *self._options]) + "\n")
        return configuration

    def _write_users(self) -> Path:
        """The password file; mosquitto_passwd hashes it in place, so no secret is an argument."""
        if any(":" in name or "\n" in name + word for name, word in self._users.items()):
            raise ToolError(
                "a broker's user has ':' or a line break in name or password", kind="broker_failed"
            )
        path = self.folder / "users"
        path.touch(0o600)
        path.write_text("".join(f"{name}:{word}\n" for name, word in self._users.items()))
        done = subprocess.run(
            [str(self._programs.passwd), "-U", str(path)],
            env=self._programs.environment(),
            capture_output=True,
            timeout=_START_S,
            check=False,
        )
        if done.returncode:
            path.unlink()
            raise ToolError("mosquitto_passwd refused the users' names", kind="broker_failed")
        return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _fetch(folder: Path) -> None:
    """Download the package, and the libraries that are not installed, into ``folder``/root."""
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise ToolError(
            f"mosquitto is not installed, and can only be fetched on Debian ({missing[0]} is "
            "missing): install it with the package manager",
            kind="no_mosquitto",
        )
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    (folder / "apt.conf").write_text(_APT_CONFIGURATION.format(folder=folder))
    _apt(folder, "update")
    planned = _apt(folder, "install", "--simulate", "--no-install-recommends", "mosquitto")
    names = [line.split()[1] for line in planned.splitlines() if line.startswith("Inst ")]
    wanted = [name for name in names if name.startswith("lib") or name == "mosquitto"]
    _apt(folder, "download", *wanted)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "root")], check=True)


def _apt(folder: Path, *args: str) -> str:
    """Run apt-get with lists and cache of its own; what it printed. Raises ToolError."""
    try:
        done = subprocess.run(
            ["apt-get", "-q", "-c", str(folder / "apt.conf"), *args],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_APT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"apt-get {args[0]} took more than {_APT_S} s", kind="no_mosquitto"
        ) from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        reason = (lines or ["apt-get failed"])[0]
        raise ToolError(f"mosquitto cannot be fetched: {reason}", kind="no_mosquitto")
    return done.stdout
