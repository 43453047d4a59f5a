"""What ended the firmware, for who looks later: the file ``crash.txt``, at most 2 KB of it.

Each entry is a line ``--- after 7 s; start: power`` (why the board had started) and the traceback;
the oldest text goes first.
"""

import gc
import io

from motelink import node_guard, port, storage
from motelink.node_report import cause

const = port.const

_PATH = "crash.txt"
_LIMIT = const(2048)
_YOUNG_MS = const(60000)
_RESTART_MS = const(10000)
_FINAL_MS = const(3600000)
_STEP_MS = const(500)


def restart(error: Exception, ms: int) -> None:
    """Say what came ``ms`` after the start, wait so that a person can read it, and reset. What
    only a person can mend is tried again in an hour, and never leads to safe mode."""
    why = record(error, ms)
    delay = _FINAL_MS if getattr(error, "final", False) else _RESTART_MS
    if delay == _FINAL_MS or not 0 <= ms < _YOUNG_MS:
        node_guard.clear()
    print("%s: restart in %d s" % (why, delay // 1000))
    while delay > 0:
        if node_guard.wdt:
            node_guard.wdt.feed()
        port.sleep_ms(_STEP_MS)
        delay -= _STEP_MS
    port.load("_board").machine.reset()


def record(error: Exception, ms: int) -> str:
    """Write down and print what came ``ms`` after the start. Returns its last line. Allocates some
    3 KB, and does with less where there is less."""
    gc.collect()
    last = "%s: %s" % (type(error).__name__, error)
    text = "--- after %d s; start: %s\n" % (ms // 1000, cause())
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
