"""Boards in the foreground of a terminal, until Ctrl-C or SIGTERM."""

import json
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from motelink_tools import micropython
from motelink_tools.board import control
from motelink_tools.board.control import Control
from motelink_tools.board.faults import FAULTS
from motelink_tools.board.virtual import VirtualBoard
from motelink_tools.errors import ToolError


class _Stop(BaseException):
    """The user, or who started us, wants an end."""


def serve(
    *,
    folder: str,
    count: int,
    link: str | None,
    heap: str,
    flash: str,
    chip: str,
    as_json: bool,
    faults: Sequence[str] = (),
) -> int:
    """Run ``count`` boards and say on stdout where they are. Returns 0 when told to stop.

    ``faults``: those that each begins with, as NAME or NAME=VALUE.

    Raises ToolError when one cannot be started; none is left running then.
    """
    if count < 1:
        raise ToolError(f"expected at least one board, got --count {count}")
    interpreter = micropython.find()
    with _stopped_by_signals(), ExitStack() as boards:
        for number in range(1, count + 1):
            board = VirtualBoard(
                folder if count == 1 else Path(folder, str(number)),
                heap=heap,
                flash=flash,
                chip=chip,
                interpreter=interpreter,
                link=link if link is None or count == 1 else f"{link}-{number}",
            )
            for fault in faults:
                name, _, value = fault.partition("=")
                board.faults.set(name, value or None)
            boards.enter_context(board)
            boards.enter_context(Control(board.folder, board.faults))
            _report(board, as_json)
        if not as_json:
            print("Ctrl-C stops.", flush=True)
        threading.Event().wait()
    return 0


def fault(*, folder: str, name: str | None, value: str | None, clear: bool, as_json: bool) -> int:
    """Set or clear a fault of the board that runs in ``folder``; without a name say what there is.

    Raises ToolError.
    """
    if clear and name is None:
        raise ToolError("--clear needs the name of the fault", kind="usage", code=2)
    active = control.ask(Path(folder), name, value, clear)
    if as_json:
        print(json.dumps({"active": active, "faults": [asdict(kind) for kind in FAULTS]}))
    elif name is None:
        for kind in FAULTS:
            mark = "*" if kind.name in active else " "
            amount = f"{active.get(kind.name, kind.default):g} {kind.unit}" if kind.unit else ""
            print(f"{mark} {kind.name:<12} {amount:<13} {kind.what}")
        print("* is set" if active else "none is set")
    else:
        print("set now: " + (", ".join(active) or "none"))
    return 0


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal end the block in order."""

    def stop(*_: object) -> None:
        raise _Stop

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in signals]
    try:
        yield
    except _Stop:
        pass
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _report(board: VirtualBoard, as_json: bool) -> None:
    if as_json:
        report = {"port": board.port, "folder": str(board.folder), "pid": board.pid}
        print(json.dumps(report), flush=True)
    else:
        print(f"{board.port}  files in {board.folder}", flush=True)
        print(f"    mpremote connect {board.port} repl", flush=True)
