"""Boards in the foreground of a terminal, until Ctrl-C or SIGTERM."""

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from motelink_tools import micropython
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
) -> int:
    """Run ``count`` boards and say on stdout where they are. Returns 0 when told to stop.

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
            boards.enter_context(board)
            _report(board, as_json)
        if not as_json:
            print("Ctrl-C stops.", flush=True)
        threading.Event().wait()
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
