"""One virtual board of the hub. Its calls block, a flash for seconds: use them in a thread."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from motelink_tools.board import State, VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.flash import Result
from motelink_tools.hub.app.boards.flashing import Flash, Progress
from motelink_tools.hub.app.boards.records import Profile
from motelink_tools.hub.app.boards.scrollback import Scrollback

_TYPED_BYTES = 4096


class HubBoard:
    """``folder``: for its settings, and its files in ``files``. ``changed`` is told, in any
    thread, that `public` or ``scrollback`` is another one now; ``heard`` what it prints, but
    while it is being flashed.
    """

    def __init__(
        self,
        profile: Profile,
        folder: Path,
        changed: Callable[[], None],
        heard: Callable[[bytes], None] = lambda _data: None,
    ) -> None:
        self.profile = profile
        self.scrollback = Scrollback()
        self.progress = Progress()
        self._folder = folder
        self._files = folder / "files"
        self._changed = changed
        self._heard = heard
        self._board: VirtualBoard | None = None
        self._power = threading.Lock()  # one starts or stops it at a time
        self._error = ""
        self._removed = False
        self._hush: int | None = None  # a flash has the line until this many resets are exceeded

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        board, profile = self._board, self.profile
        return {
            "name": profile.name,
            "chip": profile.chip,
            "heap": profile.heap,
            "flash": profile.flash,
            "firmware": profile.firmware,
            "platforms": profile.platforms,
            "folder": str(self._files),
            "state": board.state.value if board else State.OFF.value,
            "port": self._port(),
            "resets": board.resets if board else 0,
            "error": self._error,
            "faults": board.faults.active if board else {},
            "flashing": self.progress.public(),
        }

    def start(self) -> None:
        """Power on. Raises ToolError, also when it is on."""
        with self._power:
            profile = self.profile
            if self._removed:
                raise ToolError(f"there is no board {profile.name!r} any more", kind="no_board")
            if self._board is not None:
                raise ToolError(f"{profile.name} is on already", kind="started")
            board = VirtualBoard(
                self._files,
                heap=profile.heap,
                flash=profile.flash,
                chip=profile.chip,
                heard=self._said,
            )
            self._board = board
            try:
                board.start()
            except BaseException as error:
                self._board = None
                self._error = str(error) if isinstance(error, ToolError) else "it did not start"
                raise
            finally:
                self._changed()
            self._error = ""

    def stop(self) -> None:
        """Power off, whatever it does; harmless when it is off."""
        with self._power:
            self._off()

    def remove(self) -> None:
        """Power off for good, and delete its files and settings."""
        with self._power:
            self._removed = True
            self._off()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _off(self) -> None:
        board, self._board = self._board, None
        if board is not None:
            board.close()
            self._changed()

    def reset(self) -> None:
        """Press its button."""
        self._free().hard_reset()
        self._changed()

    def suspend(self) -> None:
        """Freeze it; its sockets stay open."""
        self._free().suspend()
        self._changed()

    def resume(self) -> None:
        """Let it go on."""
        self._free().resume()
        self._changed()

    def type(self, text: str) -> None:
        """As from a terminal. Raises ToolError where that is too much at once."""
        data = text.encode(errors="replace")
        if len(data) > _TYPED_BYTES:
            raise ToolError(f"expected {_TYPED_BYTES} bytes at most", kind="too_large")
        self._free().type(data)

    def set_fault(self, name: str, value: float | None) -> None:
        """Have it happen, until `clear_fault` or power off. Raises ToolError."""
        self._on().faults.set(name, value)
        self._changed()

    def clear_fault(self, name: str) -> None:
        """All is well again."""
        self._on().faults.clear(name)
        self._changed()

    def flash(self, plan: Callable[[], Sequence[str]]) -> Result:
        """Send what ``plan`` says, as `flash.Options` names it, and start again. Of two at a time
        the second is refused before its plan. Raises ToolError.
        """
        with self._power:
            board = self._free()
            flash = Flash(self._changed)
            self.progress = flash.progress
        self._changed()
        with self._hushed():
            return flash.run(board.port, plan, lambda: self._hush_until_reset(board))

    # -- what it prints --------------------------------------------------------------------

    def _said(self, data: bytes) -> None:
        board = self._board
        if self._hush is not None and board is not None and board.resets <= self._hush:
            return
        self.scrollback.add(data)
        self._heard(data)
        self._changed()

    @contextlib.contextmanager
    def _hushed(self) -> Iterator[None]:
        """The firmware and mpremote talk about files on the line: nobody wants to read that."""
        self._hush = 1 << 62
        self._note("flashing")
        try:
            yield
        except BaseException:
            self._note("the flash failed")
            raise
        finally:
            self._hush = None

    def _hush_until_reset(self, board: VirtualBoard) -> None:
        self._hush = board.resets

    def _note(self, text: str) -> None:
        self.scrollback.add(f"\r\n--- {text} ---\r\n".encode())
        self._changed()

    # -- helpers ---------------------------------------------------------------------------

    def _free(self) -> VirtualBoard:
        """The board, on and not being flashed."""
        if self.progress.runs:
            raise ToolError(f"{self.profile.name} is being flashed", kind="flashing")
        return self._on()

    def _on(self) -> VirtualBoard:
        if self._board is None:
            raise ToolError(f"{self.profile.name} is off", kind="off")
        return self._board

    def _port(self) -> str:
        with contextlib.suppress(ToolError):
            return self._board.port if self._board else ""
        return ""
