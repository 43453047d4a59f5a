"""The serial console of a MicroPython board: its friendly REPL, paste mode, raw REPL, raw paste.

Theory of operation. The console never runs anything: it is given the bytes of the serial line
while no program has the line, appends to ``out`` what the board says, and leaves in ``request``
what has to be done: run some code, or soft-reset. From then on the bytes are the program's, until
whoever ran it calls `finished`. The texts and the order of the control characters are those of
MicroPython's firmware, because tools such as mpremote wait for them to the byte.

States: FRIENDLY (editing a line, perhaps one that continues others), PASTE, RAW, RAW_PASTE.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from motelink_tools.board.editor import (
    CTRL_A,
    CTRL_B,
    CTRL_C,
    CTRL_D,
    CTRL_E,
    LineEditor,
    goes_on,
)

_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_RAW_PASTE_REQUEST = b"\x05A"
_WINDOW = 128  # half of the 256 bytes that firmware buffers
_PROMPT = b">>> "
_CONTINUATION = b"... "
_PASTE = b"=== "


class State(Enum):
    FRIENDLY = auto()
    PASTE = auto()
    RAW = auto()
    RAW_PASTE = auto()


@dataclass(frozen=True)
class Run:
    """Run ``source``; ``single`` also prints what an expression statement gives."""

    source: bytes
    single: bool


class SoftReset:
    """Start again, as Ctrl-D asks."""


class Console:
    """The console. ``banner`` is the line that the friendly REPL greets with, without its end."""

    def __init__(self, banner: str) -> None:
        self.out = bytearray()
        self.request: Run | SoftReset | None = None
        self.state = State.FRIENDLY
        self._banner = banner.encode() + b'\r\nType "help()" for more information.\r\n'
        self._editor = LineEditor(self.out)
        self._text = bytearray()  # the code that has come so far
        self._window = 0

    @property
    def raw(self) -> bool:
        return self.state in (State.RAW, State.RAW_PASTE)

    def power_on(self) -> None:
        """After a hard reset: the friendly REPL, whatever was before."""
        self.out.clear()
        self.request = None
        self.state = State.FRIENDLY
        self._text.clear()

    def greet(self) -> None:
        """The board has booted, and its programs have ended: show the REPL."""
        self._text.clear()
        if self.raw:
            self.state = State.RAW
            self.out += _RAW_BANNER
        else:
            self.out += self._banner
            self._prompt()

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the line up to the next request; what is left over is returned."""
        for index, byte in enumerate(data):
            if self.request is not None:
                return data[index:]
            self._take[self.state](self, byte)
        return b""

    def finished(self, error: bytes, leaves: bool) -> None:
        """The code has run. ``error`` is its traceback or empty; ``leaves``: it called sys.exit,
        which asks for a soft reset."""
        self.request = None
        if self.raw:
            self.out += b"\x04" + error + b"\x04"
            self.state = State.RAW
        else:
            self.out += error
        if leaves:
            self._soft_reset()
        elif self.raw:
            self.out += b">"
        else:
            self._prompt()

    def _prompt(self) -> None:
        self.state = State.FRIENDLY
        self._text.clear()
        self._editor.start(_PROMPT)

    def _soft_reset(self) -> None:
        self.out += b"MPY: soft reboot\r\n"
        self.request = SoftReset()

    def _run(self, single: bool) -> None:
        self.request = Run(bytes(self._text), single)
        self._text.clear()

    def _friendly(self, byte: int) -> None:
        event = self._editor.receive(byte)
        if event is None:
            return
        if event == CTRL_C:
            self.out += b"\r\n"
            self._prompt()
        elif self._text:
            self._continue(event)
        elif event == 0x0D:
            if self._editor.line:
                self._continue(event)
            else:
                self._prompt()
        else:
            self._control(event)

    def _control(self, event: int) -> None:
        """A control character on an empty line."""
        self.out += b"\r\n"
        if event == CTRL_A:
            self.state = State.RAW
            self.greet()
        elif event == CTRL_B:
            self.greet()
        elif event == CTRL_D:
            self._soft_reset()
        elif event == CTRL_E:
            self.state = State.PASTE
            self.out += b"paste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n" + _PASTE

    def _continue(self, event: int) -> None:
        """A line of a statement is complete, or Ctrl-D ends the statement before its time."""
        if event not in (0x0D, CTRL_D):
            return
        if event == CTRL_D:
            self.out += b"\r\n"
            self._run(single=True)
            return
        self._text += self._editor.line
        if goes_on(self._text.decode(errors="replace")):
            self._text += b"\n"
            self._editor.start(_CONTINUATION)
        else:
            self._run(single=True)

    def _paste(self, byte: int) -> None:
        if byte == CTRL_C:
            self.out += b"\r\n"
            self._prompt()
        elif byte == CTRL_D:
            self.out += b"\r\n"
            self.state = State.FRIENDLY
            self._run(single=False)
        elif byte == 0x0D:
            self._text += b"\n"
            self.out += b"\r\n" + _PASTE
        else:
            self._text.append(byte)
            self.out.append(byte)

    def _raw(self, byte: int) -> None:
        if byte == CTRL_A:
            paste = len(self._text) == 2 and self._text[0] == CTRL_E
            if paste and self._text == _RAW_PASTE_REQUEST:
                self.state = State.RAW_PASTE
                self._window = _WINDOW
                # A window is free, and with the 0x01 a second one.
                self.out += b"R\x01" + _WINDOW.to_bytes(2, "little") + b"\x01"
            else:
                self.out += b"R\x00>" if paste else _RAW_BANNER
            self._text.clear()
        elif byte == CTRL_B:
            self.state = State.FRIENDLY
            self.out += b"\r\n"
            self.greet()
        elif byte == CTRL_C:
            self._text.clear()
        elif byte == CTRL_D:
            self.out += b"OK"
            if self._text:
                self._run(single=False)
            else:
                self.out += b"\r\n"
                self._soft_reset()
        else:
            self._text.append(byte)

    def _raw_paste(self, byte: int) -> None:
        if byte in (CTRL_C, CTRL_D):
            self.out += b"\x04"
            self.state = State.RAW
            if byte == CTRL_D:
                self._run(single=False)
            else:
                self._text.clear()
                self.out += b"\x04KeyboardInterrupt: \r\n\x04>"
            return
        self._text.append(byte)
        self._window -= 1
        if not self._window:
            self._window = _WINDOW
            self.out += b"\x01"

    _take: ClassVar[dict[State, Callable[["Console", int], None]]] = {
        State.FRIENDLY: _friendly,
        State.PASTE: _paste,
        State.RAW: _raw,
        State.RAW_PASTE: _raw_paste,
    }
