"""A serial port that comes back: what arrives, and when the board goes and returns."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import serial

from motelink_tools.errors import ToolError
from motelink_tools.serial_ports import cannot_open, find_port

_BAUD = 115200
_READ_S = 0.2
_RETRY_S = 0.25

Event = bytes | str  # what the board sent, b"" for silence; or "gone" and "back"


class Port:
    """``wanted`` as --port has it: a name, or None for the one board there is, wherever it turns
    up. Ctrl-C ends what blocks. Raises ToolError where it could not be opened the first time.
    """

    def __init__(self, wanted: str | None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._wanted = wanted
        self._sleep = sleep
        self.name = find_port(wanted)
        self._serial = self._open()

    def events(self) -> Iterator[Event]:
        """For ever: what arrives, b"" where nothing does for 0.2 s, and a text where the board
        goes or comes back."""
        while True:
            try:
                data = self._serial.read(1)
                data += self._serial.read(self._serial.in_waiting)
            except (serial.SerialException, OSError):
                yield "gone"
                self._serial.close()
                self._serial = self._return()
                yield "back"
                continue
            yield data

    def send(self, data: bytes) -> None:
        """Type to the board; while it is away it hears nothing."""
        with suppress(serial.SerialException, OSError):
            self._serial.write(data)

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()

    def _return(self) -> serial.Serial:
        while True:
            self._sleep(_RETRY_S)
            try:
                self.name = find_port(self._wanted)
                return self._open()
            except ToolError:
                continue

    def _open(self) -> serial.Serial:
        try:
            return serial.serial_for_url(self.name, _BAUD, timeout=_READ_S, exclusive=True)
        except (serial.SerialException, ValueError, OSError) as error:
            raise cannot_open(self.name) from error
