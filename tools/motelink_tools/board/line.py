"""The serial line of a virtual board: the board's end of a pseudo-terminal."""

import os
import select
import time
import tty
from collections.abc import Callable
from pathlib import Path

from motelink_tools.errors import ToolError

_STALL_S = 0.5  # then nobody is reading, and the board stops waiting, as one with USB does
_READ = 4096
_BACKLOG = 4096  # bytes that wait for the reader before the firmware has to


class Line:
    """``port`` is what a terminal program or mpremote opens. ``link``: a path that leads to it
    and stays the same from start to start. ``heard`` is told all that the board says, whether
    anyone reads it or not. Raises ToolError when the link cannot be made.
    """

    def __init__(
        self, link: Path | None = None, heard: Callable[[bytes], None] | None = None
    ) -> None:
        # The other end stays open here, or the line would hang up whenever a user disconnects.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)  # no echo of what the board says before anyone listens
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._pending = bytearray()
        self._progress = 0.0  # when a byte last left, or the first began to wait
        self._nobody_reads = False
        self._link = link
        self._heard = heard
        try:
            self._place_link()
        except BaseException:
            self._close_descriptors()
            raise

    def _place_link(self) -> None:
        if self._link is None:
            return
        terminals = Path(self.port).parent
        # Of a board that was killed, or is being replaced. Any other link is the user's.
        if self._link.is_symlink() and self._link.readlink().parent == terminals:
            self._link.unlink()
        try:
            self._link.symlink_to(self.port)
        except OSError as error:
            raise ToolError(
                f"cannot make the link {self._link} to {self.port}: {error.strerror}", kind="link"
            ) from error

    def fileno(self) -> int:
        return self._master

    @property
    def events(self) -> int:
        """What to poll the line for."""
        return select.POLLIN | (select.POLLOUT if self._pending else 0)

    @property
    def congested(self) -> bool:
        """Whether the firmware has to wait with its output."""
        return len(self._pending) >= _BACKLOG

    def deadline(self) -> float:
        """When what is waiting will be thrown away; infinite if nothing waits."""
        return self._progress + _STALL_S if self._pending else float("inf")

    def send(self, data: bytes | bytearray) -> None:
        """Never blocks."""
        if self._heard and data:
            self._heard(bytes(data))
        if not self._pending:
            self._progress = time.monotonic()
        self._pending += data
        self.flush()

    def flush(self) -> None:
        """Write what the terminal takes; throw the rest away if nobody has read for long."""
        now = time.monotonic()
        while self._pending:
            try:
                written = os.write(self._master, self._pending)
            except BlockingIOError:
                break
            del self._pending[:written]
            self._progress = now
            self._nobody_reads = False
        if self._pending and (self._nobody_reads or now >= self._progress + _STALL_S):
            self._pending.clear()
            self._nobody_reads = True

    def receive(self) -> bytes:
        """What has come, perhaps nothing."""
        try:
            data = os.read(self._master, _READ)
        except BlockingIOError:
            return b""
        self._nobody_reads = False
        return data

    def close(self) -> None:
        self._close_descriptors()
        link = self._link
        # Another board may have taken the link over.
        if link is not None and link.is_symlink() and str(link.readlink()) == self.port:
            link.unlink()

    def _close_descriptors(self) -> None:
        os.close(self._master)
        os.close(self._slave)
