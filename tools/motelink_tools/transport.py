"""The serial line to a board: code run there through its raw REPL.

This is the one file that knows mpremote's internals. Used of it: ``SerialTransport`` with its
``serial`` (pyserial), ``is_pty``, ``enter_raw_repl``, ``exit_raw_repl``, ``exec_raw``,
``exec_raw_no_follow``, ``read_until`` (overridden) and ``close``; ``TransportError``. mpremote
prints what it could not understand to stdout; that is caught here, so that stdout belongs to the
tool.
"""

import ast
import io
import re
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from mpremote.transport import TransportError  # type: ignore[import-untyped]
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]

from motelink_tools.errors import ToolError
from motelink_tools.serial_ports import cannot_open

ANSWER_S = 10.0  # an ESP32 that resets when its port is opened is up again after about 2 s
_ATTEMPT_S = 2.0  # a Ctrl-C that comes while a board boots is lost: ask again after this
_BOOT_S = 10.0  # boot.py may take a while; mpremote itself allows 10 s of silence, no more
_EXEC_S = 20.0  # silence allowed in one command: erasing flash, hashing a file of megabytes
_TALK_S = 30.0  # for one answer of a board that is never silent: a thread that prints for ever
# mpremote reads a pseudo-terminal blocking, and looks at its deadlines when a read gives up. It
# also expects two bytes from one read, in the middle of a command.
_READ_S = 10.0
_ENTER_READ_S = 0.2
_KNOCK_S = 0.02
_WRITE_S = 10.0
_NEVER = b"\xff"  # in no text: reading up to it is reading until there is silence


class RemoteError(Exception):
    """Code on the board raised. ``errno`` is an OSError's number, or None for any other."""

    def __init__(self, trace: str) -> None:
        last = trace.strip().rpartition("\n")[2].strip()
        super().__init__(last)
        number = re.match(r"OSError: (?:\[Errno )?(\d+)", last)
        self.errno = int(number[1]) if number else None


class _Serial(SerialTransport):  # type: ignore[misc] # mpremote has no types
    """mpremote's own looks at its deadlines in silence alone: who goes on printing holds it."""

    def read_until(
        self,
        _min_num_bytes: int,
        ending: bytes,
        timeout: float = _READ_S,
        data_consumer: None = None,  # noqa: ARG002 - mpremote names it; nothing here uses it
        timeout_overall: float | None = None,
    ) -> bytes:
        data = bytearray()
        heard = time.monotonic()
        end = heard + (timeout_overall or _TALK_S)
        while not data.endswith(ending):
            waits = getattr(self, "is_pty", False) or self.serial.in_waiting
            new = self.serial.read(1) if waits else b""
            now = time.monotonic()
            if new:
                data += new
                heard = now
            elif now >= heard + timeout:
                break
            else:
                time.sleep(0.01)
            if now >= end:
                break
        return bytes(data)


class Board:
    """A board in its raw REPL. Made by ``connect``."""

    def __init__(self, port: str, link: SerialTransport) -> None:
        self.port = port
        self._link = link
        self._lost = False
        self._in_command = False

    def exec(self, code: str) -> str:
        """Run code there and return what it prints.

        Raises RemoteError when the code raises, ToolError (``disconnected``) when the board goes
        away or stays silent for 20 s.
        """
        self._in_command = True
        try:
            with _quiet_mpremote():
                out, error = self._link.exec_raw(code, timeout=_EXEC_S)
        except (TransportError, OSError, struct.error) as failure:
            # struct.error: mpremote unpacks the answer to a read that timed out.
            self._lost = True
            raise _gone(self.port) from failure
        self._in_command = False
        if error:
            raise RemoteError(error.decode("utf-8", "replace"))
        text: str = out.decode("utf-8", "replace")
        return text.replace("\r\n", "\n")

    def soft_reset(self) -> None:
        """A fresh heap: boot.py runs again, main.py does not. Raises ToolError as `exec`."""
        try:
            with _quiet_mpremote():
                self._link.enter_raw_repl(soft_reset=True, timeout_overall=_BOOT_S)
        except (TransportError, OSError, struct.error) as failure:
            self._lost = True
            raise _gone(self.port) from failure

    def reset(self) -> None:
        """Reset the hardware, so that boot.py and main.py run. The board is gone afterwards."""
        self._leave("reset")

    def bootloader(self) -> None:
        """Start the chip's own loader, which on RP2 is a drive. The board is gone afterwards."""
        self._leave("bootloader")

    def _leave(self, way: str) -> None:
        if self._lost:
            return
        self._lost = True
        # The pause lets the command be acknowledged before a USB port disappears.
        code = f"import time, machine\ntime.sleep_ms(100)\nmachine.{way}()"
        with suppress(TransportError, OSError, struct.error), _quiet_mpremote():
            if self._in_command:  # the user interrupted us halfway through sending one
                self._link.enter_raw_repl(soft_reset=False, timeout_overall=_ATTEMPT_S)
            self._link.exec_raw_no_follow(code)

    def _close(self) -> None:
        with suppress(OSError):
            if not self._lost:
                self._link.exit_raw_repl()
        try:
            self._link.close()
        except OSError:
            self._link.serial.close()


@contextmanager
def connect(port: str, *, reset: bool = True, answer_s: float = ANSWER_S) -> Iterator[Board]:
    """A board, its program interrupted and its heap fresh, in raw REPL mode.

    ``reset`` restarts it at the end, however that comes about, so that its program runs again;
    without, it stays at its prompt. Raises ToolError: ``no_port``, ``port_busy``, ``no_answer``,
    ``not_micropython``.
    """
    board = Board(port, link := _open(port))
    try:
        try:
            _enter_raw_repl(link, port, answer_s)
            link.serial.timeout = _READ_S
        except OSError as error:
            raise _gone(port) from error
        try:
            yield board
        finally:
            if reset:
                board.reset()
    finally:
        board._close()


def _open(port: str) -> SerialTransport:
    try:
        link = _Serial(port, timeout=_ENTER_READ_S)
    except (TransportError, ValueError) as error:
        raise cannot_open(port) from error
    link.serial.write_timeout = _WRITE_S
    return link


def read_answer(text: str) -> Any:
    """The Python literal that a board printed. Raises ToolError ``board_error`` where something
    else came between; its message, unlike Python's own, quotes nothing: it may be a secret."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise ToolError(
            "what the board answered cannot be read; does its boot.py start what prints on?",
            kind="board_error",
        ) from None


def _gone(port: str) -> ToolError:
    return ToolError(
        f"the board on {port} went away or stopped answering; check the cable and try again",
        kind="disconnected",
    )


def _enter_raw_repl(link: SerialTransport, port: str, answer_s: float) -> None:
    deadline = time.monotonic() + answer_s
    heard = ""
    while not _try_raw_repl(link, min(_ATTEMPT_S, answer_s), said := io.StringIO()):
        heard += said.getvalue().strip().removeprefix("b''")
        if time.monotonic() < deadline:
            _knock(link, deadline)
            continue
        if heard:
            raise ToolError(
                f"{port} answers, but not as MicroPython's raw REPL does: it runs other firmware, "
                "or a program that ignores Ctrl-C (then press its reset button and try again)",
                kind="not_micropython",
            )
        raise ToolError(
            f"{port} does not answer within {answer_s:g} s; is there a board with MicroPython, "
            "and does no other program read the port? If it sleeps, try again and press its reset",
            kind="no_answer",
        )
    # Soft reset: a fresh heap, and main.py does not run again. A boot.py that never returns must
    # not make the board unflashable, so then its interrupted state has to do.
    try:
        with _quiet_mpremote():
            link.enter_raw_repl(soft_reset=True, timeout_overall=_BOOT_S)
    except TransportError as error:
        if not _interrupt_boot(link):
            raise ToolError(
                f"the board on {port} does not come back from a soft reset; "
                "press its reset button and try again",
                kind="no_answer",
            ) from error


def _knock(link: SerialTransport, until: float) -> None:
    """Ctrl-C until the board says anything: it may be awake for a moment only."""
    link.serial.timeout = _KNOCK_S
    while time.monotonic() < until:
        link.serial.write(b"\x03")
        if link.serial.read(1):
            break
    link.serial.timeout = _ENTER_READ_S


def _try_raw_repl(link: SerialTransport, seconds: float, said: io.StringIO) -> bool:
    try:
        with redirect_stdout(said):
            link.enter_raw_repl(soft_reset=False, timeout_overall=seconds)
    except TransportError:
        return False
    return True


def _interrupt_boot(link: SerialTransport) -> bool:
    """Ctrl-C ends boot.py, and the board greets unasked: wait that out, then ask once more."""
    if not _try_raw_repl(link, _ATTEMPT_S, io.StringIO()):
        return False
    link.read_until(1, _NEVER, timeout=_ENTER_READ_S, timeout_overall=_ATTEMPT_S)
    return _try_raw_repl(link, _ATTEMPT_S, io.StringIO())


def _quiet_mpremote() -> redirect_stdout[io.StringIO]:
    return redirect_stdout(io.StringIO())
