"""Mosquitto as a child process: a real MQTT broker, gone when it is left."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType

from motelink_tools.errors import ToolError
from motelink_tools.hub.broker.access import Access, Account
from motelink_tools.hub.broker.ports import accepts, address_of, check_free, free_port
from motelink_tools.hub.broker.programs import Say, find, to_stderr

_START_S = 20.0
_STOP_S = 20.0
_RELOAD_S = 5.0
_POLL_S = 0.02
# While the hub keeps it: how often it is looked after, and the log that it may leave behind.
_KEEP_S = 0.5
_LOG_BYTES = 4 * 1024 * 1024
_RELOADED = b"Reloading config."


class Broker:
    """One mosquitto, with its configuration and data in a folder of its own.

    ``port``, ``ws_port`` (MQTT over WebSocket; None for none): 0 takes a free one, and keeps it
    over restarts. ``users``: password by name. ``acl``: lines of mosquitto's ``acl_file``.
    ``options``: more lines of ``mosquitto.conf``. ``anonymous``: whether clients without a name
    are let in; by default if there are no users. ``account``: name of a user to make that may do
    everything. ``ws_deny``: topic filters that clients without a name may not use over WebSocket,
    which any page in a browser can open. ``folder``: where to keep it all; by default a temporary
    one. Sessions, retained and queued messages are saved there when it stops, and every half
    minute.

    ``with Broker() as broker:`` starts it and stops it. Raises ToolError.
    """

    name = "mosquitto"
    lowers_qos = True

    def __init__(
        self,
        port: int = 0,
        users: Mapping[str, str] | None = None,
        acl: Iterable[str] = (),
        options: Iterable[str] = (),
        say: Say = to_stderr,
        *,
        host: str = "127.0.0.1",
        ws_port: int | None = None,
        anonymous: bool | None = None,
        account: str | None = None,
        ws_deny: Iterable[str] = (),
        folder: Path | None = None,
    ) -> None:
        self.host = host
        self.port = port or free_port(host)
        self.ws_port = free_port(host) if ws_port == 0 else ws_port
        self.access = Access(
            users or {}, acl, anonymous=not users if anonymous is None else anonymous
        )
        self.account: Account | None = self.access.new_account(account) if account else None
        self._options = list(options)
        self._ws_deny = list(ws_deny) if self.ws_port is not None and self.access.anonymous else []
        self._say = say
        self._program = find(say)
        self._own_folder = folder
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # Several threads may grant at once: how many changes there were, and were read.
        self._reloading = threading.Lock()
        self._changes = self._reloaded = 0

    def __enter__(self) -> Broker:
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

    # -- users -----------------------------------------------------------------------------

    def grant(self, user: str, password: str, rules: Iterable[str]) -> None:
        """Add a user that may do what ``rules`` (lines of an ``acl_file``) say, or change one.

        On a running broker it is in force when this returns. ``password`` may be `Hashed`.
        """
        self.access.grant(user, password, rules)
        self._changed()

    def revoke(self, user: str) -> None:
        """Remove a user. Its connections end."""
        self.access.revoke(user)
        self._changed()

    # -- life ------------------------------------------------------------------------------

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
        with self._reloading:  # who comes meanwhile may be too late for the files
            self._start()

    def _start(self) -> None:
        if self._process is not None:
            raise ToolError("the broker is running already", kind="broker_running")
        configuration = self._configure()
        self._end_orphan(configuration)
        ports = [port for port in (self.port, self.ws_port) if port is not None]
        for port in ports:
            check_free(self.host, port)
        with (self.folder / "log").open("ab") as log:
            before = log.tell()
            self._process = subprocess.Popen(
                [str(self._program.broker), "-c", str(configuration)],
                env=self._program.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us: we stop it in its turn
            )
        end = time.monotonic() + _START_S
        while not all(accepts(self.host, port) for port in ports):
            status = self._process.poll()
            if status is not None or time.monotonic() > end:
                self.kill()
                raise ToolError(
                    f"mosquitto did not start: {self._error_after(before, status)}",
                    kind="broker_failed",
                )
            time.sleep(_POLL_S)

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
        """Stop it, and remove its folder if that is a temporary one."""
        if self._process is not None and self._process.poll() is None:
            self.resume()
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    async def keep(self) -> None:
        """Start it again whenever it dies, and say so; bound its log. Until cancelled."""
        while True:
            await asyncio.sleep(_KEEP_S)
            process, log = self._process, self.folder / "log"
            if log.stat().st_size > _LOG_BYTES:
                os.truncate(log, 0)
            if process is None or process.poll() is None:
                continue
            self._say(
                f"mosquitto on port {self.port} ended by itself (status {process.returncode});"
                " starting it"
            )
            self._process = None
            try:
                await asyncio.to_thread(self.start)
            except ToolError as error:
                self._process = process  # so that the next turn tries again
                self._say(str(error))

    # -- inside ----------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """Its configuration, data, users and log; a temporary one is gone after `close`."""
        if self._own_folder is not None:
            self._own_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._own_folder
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="motelink-broker-")
        return Path(self._temporary.name)

    def _configure(self) -> Path:
        folder = self.folder
        self._write_access()
        lines = [
            f"user {getpass.getuser()}",  # mosquitto leaves root for another user otherwise
            "persistence true",
            f"persistence_location {folder}/",
            "autosave_interval 30",
            "set_tcp_nodelay true",  # else a QoS 2 message takes 45 ms instead of 1
            "log_dest stderr",  # unlike stdout, it is not buffered
            "log_dest topic",
            f"pid_file {folder / 'pid'}",
        ]
        access = [
            f"allow_anonymous {'true' if self.access.anonymous else 'false'}",
            f"password_file {folder / 'users'}",
        ]
        usual = [*access, f"acl_file {folder / 'acl'}"]
        tcp = [f"listener {self.port} {self.host}"]
        # Over WebSocket, mosquitto knows no names, and takes an IPv4 address without its family
        # for all addresses.
        address, family = address_of(self.host)
        web = [f"listener {self.ws_port} {address}", "protocol websockets"]
        web.append(f"socket_domain {family}")
        if self._ws_deny:
            lines += ["per_listener_settings true", *tcp, *usual]
            lines += [*web, *access, f"acl_file {folder / 'acl-web'}"]
        else:
            lines += [*usual, *tcp, *(web if self.ws_port is not None else [])]
        configuration = folder / "mosquitto.conf"
        configuration.write_text("\n".join([*lines, *self._options]) + "\n")
        return configuration

    def _write_access(self) -> None:
        files = {"users": self.access.password_file(), "acl": self.access.rules_file()}
        if self._ws_deny:
            files["acl-web"] = self.access.rules_file(self._ws_deny)
        for name, content in files.items():
            path = self.folder / name
            path.touch(0o600)
            path.write_text(content)

    def _changed(self) -> None:
        """Let a running broker read its users and rules, once for all who wait for that."""
        self._changes = change = self._changes + 1
        with self._reloading:
            process = self._process
            if process is None or process.poll() is not None:
                return  # it reads them when it starts
            if self._reloaded < change:
                changes = self._changes
                self._reload(process)
                self._reloaded = changes

    def _reload(self, process: subprocess.Popen[bytes]) -> None:
        log = self.folder / "log"
        start = log.stat().st_size
        self._write_access()
        process.send_signal(signal.SIGHUP)
        end = time.monotonic() + _RELOAD_S
        with log.open("rb") as lines:
            lines.seek(start)
            seen = b""
            while _RELOADED not in seen and process.poll() is None:
                if time.monotonic() > end:
                    raise ToolError("the broker does not read its users", kind="broker_failed")
                seen += lines.read()
                time.sleep(_POLL_S)

    def _error_after(self, start: int, status: int | None) -> str:
        """The last error in the log from a place in it on, or else what is known."""
        with (self.folder / "log").open("rb") as log:
            log.seek(start)
            lines = log.read().decode(errors="replace").splitlines()
        errors = [line for line in lines if "Error: " in line]
        if errors:
            return errors[-1]
        return (
            f"it does not listen after {_START_S:.0f} s" if status is None else f"status {status}"
        )

    def _end_orphan(self, configuration: Path) -> None:
        """End a mosquitto on this folder whose hub was killed. Only Linux can tell."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.folder / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline")
            end = time.monotonic() + _STOP_S
            while os.fsencode(configuration) in command.read_bytes().split(b"\0"):
                os.kill(pid, signal.SIGTERM if time.monotonic() < end else signal.SIGKILL)
                time.sleep(_POLL_S)
