"""The standard input of the firmware, as a board buffers it."""

import fcntl
import os
import select
import struct
import termios

_KEEP = 1 << 16  # what is kept for a program that does not read; a board keeps 256 bytes


class ProgramInput:
    """A pipe that outlives the firmware's processes: what one program did not read, the REPL does.

    ``reader`` is the end that processes inherit.
    """

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._waiting = bytearray()

    def fileno(self) -> int:
        return self._writer

    @property
    def events(self) -> int:
        return select.POLLOUT if self._waiting else 0

    @property
    def full(self) -> bool:
        return len(self._waiting) >= _KEEP

    def write(self, data: bytes) -> None:
        """Never blocks; what would be kept beyond 64 KiB is lost."""
        self._waiting += data
        self.flush()
        del self._waiting[_KEEP:]

    def flush(self) -> None:
        while self._waiting:
            try:
                written = os.write(self._writer, self._waiting)
            except BlockingIOError:
                return
            del self._waiting[:written]

    def take_back(self) -> bytes:
        """What the firmware has not read. Only while no program runs: it reads the same pipe."""
        size = struct.unpack("i", fcntl.ioctl(self.reader, termios.FIONREAD, b"\0" * 4))[0]
        data = os.read(self.reader, size) if size else b""
        data += self._waiting
        self._waiting.clear()
        return data

    def close(self) -> None:
        os.close(self.reader)
        os.close(self._writer)
