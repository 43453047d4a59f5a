"""The board's file system, through ``on_board.py`` running there.

Every method is one or a few commands in the raw REPL. Raises ToolError; what the board raises is
translated here.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi
from motelink_tools.transport import RemoteError, read_answer

TEMP = ".~flash"  # as in on_board.py
_AGENT = Path(__file__).with_name("on_board.py")
_PATHS_A_COMMAND = 24  # each takes about 60 bytes of the board's heap while it is looked at
# A chunk goes as base64 text, 4 characters for 3 bytes, free of control characters. Its text, the
# literal, the decoded bytes and the compiler share a heap that may be fragmented.
_HEAP_A_CHUNK = 48
_CHUNK_MIN = 384
_CHUNK_MAX = 3072
_ENOENT, _EACCES, _ENOSPC, _EROFS = 2, 13, 28, 30


class Link(Protocol):
    """What is needed of ``transport.Board``."""

    def exec(self, code: str) -> str:
        """Run code on the board; what it prints. Raises RemoteError when it raises."""


@dataclass(frozen=True)
class About:
    """The board: firmware release, machine, what .mpy it loads, its file system and heap."""

    release: tuple[int, ...]
    abi: Abi | None
    machine: str
    block: int
    free: int
    heap_free: int


@dataclass(frozen=True)
class Found:
    """A file on the board: bytes, and sha256 in hex."""

    size: int
    digest: str


class Remote:
    """The board's files. Loads its helper onto the board when made."""

    def __init__(self, link: Link) -> None:
        self._link = link
        # One function after another: compiling the text of all at once takes 4 KB more.
        for part in _AGENT.read_text(encoding="utf-8").split("\n\n\n"):
            lines = part.splitlines()
            code = [line for line in lines if not line.lstrip().startswith("#")]
            self._exec("\n".join([*code, "gc.collect()"]))
        self.about = self._about()
        spare = self.about.heap_free // _HEAP_A_CHUNK
        self._chunk = min(_CHUNK_MAX, max(_CHUNK_MIN, spare)) // 3 * 3

    def _about(self) -> About:
        name, release, word, machine, (block, free), heap = read_answer(self._exec("about()"))
        if name != "micropython":
            raise ToolError(
                f"the board runs {name} {'.'.join(map(str, release))}, not MicroPython; "
                "copy files onto its drive instead",
                kind="not_micropython",
            )
        return About(release, Abi.from_word(word), machine, block, free, heap)

    def look(self, paths: Sequence[str]) -> dict[str, Found]:
        """Those of ``paths`` that are files there. Raises ToolError for one that is a folder."""
        found: dict[str, Found] = {}
        for at in range(0, len(paths), _PATHS_A_COMMAND):
            part = paths[at : at + _PATHS_A_COMMAND]
            answers = self._exec(f"look({part!r})").splitlines()
            for path, answer in zip(part, map(read_answer, answers), strict=True):
                if answer == ():
                    raise ToolError(
                        f"{path} is a folder on the board and a file here; remove it there",
                        kind="bad_path",
                    )
                if answer:
                    found[path] = Found(*answer)
        return found

    def leftovers(self, folders: Sequence[str]) -> dict[str, int]:
        """Temporaries in these folders, of a flash that was interrupted, with their sizes."""
        return dict(map(read_answer, self._exec(f"leftovers({folders!r})").splitlines()))

    def stage(self, path: str, data: bytes, sent: Callable[[int], None]) -> None:
        """Write ``data`` beside ``path`` under its temporary name, and read it back.

        ``sent`` is told the bytes of each chunk that the board has acknowledged.
        """
        chunks = [data[at : at + self._chunk] for at in range(0, len(data), self._chunk)] or [b""]
        with _explained(path):
            for number, chunk in enumerate(chunks):
                code = f"put({base64.b64encode(chunk).decode()!r})"
                if number == 0:
                    code = f"begin({path!r})\n{code}"
                if number == len(chunks) - 1:
                    code = f"{code}\nend({path!r})"
                answers = self._link.exec(code).split()
                if answers[:1] != [hashlib.sha256(chunk).hexdigest()[:8]]:
                    raise _damaged(path)
                sent(len(chunk))
            if answers[1:] != [hashlib.sha256(data).hexdigest()]:
                raise _damaged(path)

    def commit(self, pairs: Sequence[tuple[str, str | None]]) -> None:
        """For each (path, twin): rename the temporary onto ``path``, remove ``twin``.

        One command for many, so that old and new files meet for milliseconds only.
        """
        for at in range(0, len(pairs), _PATHS_A_COMMAND):
            self._exec(f"commit({pairs[at : at + _PATHS_A_COMMAND]!r})")

    def discard(self, paths: Sequence[str]) -> None:
        """Remove files; those that are not there are no error."""
        for at in range(0, len(paths), _PATHS_A_COMMAND):
            self._exec(f"discard({paths[at : at + _PATHS_A_COMMAND]!r})")

    def settle(self) -> None:
        """Flush what the board's file system may hold back."""
        self._exec("settle()")

    def _exec(self, code: str) -> str:
        with _explained():
            return self._link.exec(code)


def _damaged(path: str) -> ToolError:
    return ToolError(
        f"{path} arrived damaged; the old file is untouched, check the cable and try again",
        kind="damaged",
    )


@contextmanager
def _explained(path: str = "") -> Iterator[None]:
    try:
        yield
    except RemoteError as error:
        if error.errno == _ENOSPC:
            message, kind = "the board's file system is full", "full"
        elif error.errno in (_EROFS, _EACCES):
            message, kind = "the board's file system is read-only", "read_only"
        else:
            message, kind = f"the board failed: {error}", "board_error"
        where = f" (writing {path})" if path else ""
        raise ToolError(message + where, kind=kind) from error
