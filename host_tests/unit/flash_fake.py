"""A board without MicroPython: what a flash sends runs here on CPython, over a folder.

File operations are counted, and power can go before each of them and in the middle of each write.
"""

import builtins
import errno
import io
import os
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.transport import RemoteError

BLOCK = 512
BYTECODE_6_3 = 0x306


class PowerCut(BaseException):
    """The board is gone: nothing on it runs any more, not even an except clause."""


@dataclass
class FakeBoard:
    """Runs what is sent as ``exec`` would on a board; its files lie in ``root``."""

    root: Path
    capacity: int = 1 << 20
    cut_at: int | None = None  # the file operation before which, or in which, power goes
    replaces: bool = True  # rename() onto a file replaces it, as on littlefs
    name: str = "micropython"
    word: int = BYTECODE_6_3
    operations: int = 0
    namespace: dict[str, Any] = field(default_factory=dict)

    def exec(self, code: str) -> str:
        out = io.StringIO()
        if not self.namespace:
            self.namespace["__builtins__"] = self._builtins()
        self.namespace["__builtins__"]["print"] = lambda *values: print(*values, file=out)
        try:
            exec(code, self.namespace)
        except PowerCut:
            raise ToolError("cut off", kind="disconnected") from None
        except OSError as error:
            raise RemoteError(f"Traceback:\nOSError: {error.errno}") from None
        return out.getvalue()

    def restart(self) -> None:
        """Power comes back."""
        self.namespace.clear()
        self.cut_at = None

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.root.rglob("*") if path.is_file())
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    def used(self) -> int:
        return sum(max(1, -(-len(data) // BLOCK)) * BLOCK for data in self.files().values())

    def step(self) -> bool:
        """One file operation; True in the one in which power goes."""
        self.operations += 1
        if self.cut_at is not None and self.operations > self.cut_at:
            raise PowerCut
        return self.operations == self.cut_at

    def _builtins(self) -> dict[str, Any]:
        fakes = {
            "os": self._os(),
            "gc": types.SimpleNamespace(collect=lambda: 0, mem_free=lambda: 40_000),
            "sys": types.SimpleNamespace(
                implementation=types.SimpleNamespace(
                    name=self.name, version=(1, 25, 0), _mpy=self.word
                )
            ),
        }

        def imports(module: str, *arguments: Any) -> Any:
            return fakes.get(module) or builtins.__import__(module, *arguments)

        return {**vars(builtins), "__import__": imports, "open": self._open}

    def _open(self, path: str, mode: str) -> Any:
        if "w" not in mode:
            return (self.root / path).open(mode)
        self.step()
        (self.root / path).write_bytes(b"")
        return _Writer(self, self.root / path)

    def _os(self) -> Any:
        def changing(function: Any) -> Any:
            def call(*names: str) -> None:
                self.step()
                if function is os.rename and not self.replaces and (self.root / names[1]).exists():
                    raise OSError(errno.EEXIST, "exists")
                function(*(self.root / name for name in names))

            return call

        return types.SimpleNamespace(
            uname=lambda: types.SimpleNamespace(machine="Fake board with 0 MHz"),
            statvfs=lambda _: (BLOCK, BLOCK, 0, 0, (self.capacity - self.used()) // BLOCK),
            stat=lambda path: tuple((self.root / path).stat()),
            listdir=lambda path: [entry.name for entry in (self.root / path).iterdir()],
            mkdir=changing(os.mkdir),
            rename=changing(os.rename),
            remove=changing(os.remove),
        )


class _Writer:
    """Holds no file open, so that a power cut leaves nothing to clean up."""

    def __init__(self, board: FakeBoard, path: Path) -> None:
        self._board = board
        self._path = path

    def write(self, data: bytes) -> None:
        if self._board.step():
            self._append(data[: len(data) // 2])
            self._board.step()
        if self._board.used() + len(data) > self._board.capacity:
            raise OSError(errno.ENOSPC, "full")
        self._append(data)

    def close(self) -> None:
        pass

    def _append(self, data: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(data)
