"""What ended the firmware, for who looks later: the file ``crash.txt``, at most 2 KB of it.

Each entry is a line ``--- after 7 s, reset cause 1`` (a number of `machine`) and the traceback;
the oldest text goes first.
"""

import gc
import io

from motelink import port, storage

_PATH = "crash.txt"
_LIMIT = port.const(2048)


def record(error: Exception, ms: int) -> str:
    """Write down and print what came ``ms`` after the start. Returns its last line. Allocates some
    3 KB, and does with less where there is less."""
    gc.collect()
    board = port.load("_board")
    text = "--- after %d s, reset cause %s\n" % (ms // 1000, board.machine.reset_cause())
    last = "%s: %s" % (type(error).__name__, error)
    try:
        trace = io.StringIO()
        port.print_exception(error, trace)
        text += trace.getvalue()
    except MemoryError:
        text += last + "\n"
    print(text, end="")
    try:
        before = storage.read(_PATH) or b""
        storage.write(_PATH, (before + text.encode())[-_LIMIT:])
    except (OSError, MemoryError) as trouble:
        print("%s: %s" % (_PATH, trouble))
    return last


def last() -> str:
    """The last line that was recorded, or an empty one."""
    try:
        return (storage.read(_PATH) or b"").decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    except OSError:
        return ""
