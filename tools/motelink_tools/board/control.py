"""The faults of a running board for other processes: a socket in the board's folder.

One connection a request, one line of JSON each way. A request has ``name``, and ``value`` or
``clear``; one without a name asks what is active. The answer has ``active``, or ``error`` and its
``kind``. Whoever may write to the folder may ask.
"""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from motelink_tools.board.faults import Faults
from motelink_tools.errors import ToolError

_NAME = "control"
_LINE = 4096
_TIMEOUT_S = 40  # longer than the board may take to do it


class Control:
    """Serves one board from a thread of its own, until `close`."""

    def __init__(self, folder: Path, faults: Faults) -> None:
        self._faults = faults
        self._hidden = folder / ".board"  # which firmware does not see
        self._hidden.mkdir(parents=True, exist_ok=True)
        (self._hidden / _NAME).unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(self._hidden) as path:
            self._listener.bind(path)
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, name="board control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends accept
        self._thread.join()
        self._listener.close()
        (self._hidden / _NAME).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(_TIMEOUT_S)
                answer = self._answer(connection.recv(_LINE))
                connection.sendall(json.dumps(answer).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, object]:
        try:
            request = json.loads(line)
            name = request.get("name")
            if name is not None and request.get("clear"):
                self._faults.clear(name)
            elif name is not None:
                self._faults.set(name, request.get("value"))
        except ToolError as error:
            return {"error": str(error), "kind": error.kind}
        except (ValueError, AttributeError):
            return {"error": "expected a line with a JSON object", "kind": "request"}
        return {"active": self._faults.active}


def ask(
    folder: Path, name: str | None = None, value: str | None = None, clear: bool = False
) -> dict[str, object]:
    """What is active on the board that runs in ``folder``, after setting or clearing a fault.

    Raises ToolError when no board runs there, or the board refuses.
    """
    request = {"name": name, "value": value, "clear": clear}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_S)
        try:
            with _short(folder / ".board") as path:
                connection.connect(path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(connection.makefile().readline())
        except (OSError, ValueError) as error:
            raise ToolError(
                f"no board runs in {folder}; start one with 'motelink board --dir {folder}', or"
                " say with --board which folder yours has",
                kind="no_board",
            ) from error
    if "error" in answer:
        raise ToolError(answer["error"], kind=answer["kind"])
    active: dict[str, object] = answer["active"]
    return active


@contextmanager
def _short(hidden: Path) -> Iterator[str]:
    """A path of the socket that is not too long for one, however long that of the folder is."""
    folder = os.open(hidden, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{_NAME}"
    finally:
        os.close(folder)
