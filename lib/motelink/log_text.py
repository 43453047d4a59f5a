"""How `motelink.log` writes a line: its text from values, without what nobody may see."""

import io

from motelink import log as state
from motelink import port

_HIDDEN = (dict, list, tuple, set, bytes, bytearray, memoryview)
_NOTHING = state._NOTHING


def log(level, text, a, b, c) -> None:
    """A line of the template ``text``; or an exception with its traceback, after whom ``a`` says
    that it was caught by."""
    if isinstance(text, BaseException):
        _log_exception(level, text, a)
        return
    try:
        if c is not _NOTHING:
            text %= (_shown(a), _shown(b), _shown(c))
        elif b is not _NOTHING:
            text %= (_shown(a), _shown(b))
        elif a is not _NOTHING:
            text %= (_shown(a),)
    except MemoryError:
        raise
    except Exception as exc:  # a line about trouble must not be the end of the firmware
        text = "%s (its values raised %s)" % (text, type(exc).__name__)
    _emit(level, text.replace("\r", "\\r").replace("\n", "\\n"))


def _log_exception(level, exc, who):
    try:
        trace = io.StringIO()
        port.print_exception(exc, trace)
        text = trace.getvalue()
    except MemoryError:  # there may be no room for the text; the console takes it in pieces
        port.print_exception(exc)
        text = type(exc).__name__
    if who:
        log(level, "%s:", who, _NOTHING, _NOTHING)
    for line in text.split("\n"):
        if line:
            _emit(level, line)


def _shown(value):
    if isinstance(value, _HIDDEN):
        return "<%s of %d>" % (type(value).__name__, len(value))
    return value


def _emit(level, text):
    now = port.ticks_ms()
    line = "%d.%03d %s %s\n" % (now // 1000, now % 1000, "DIWE"[level // 10 - 1], text)
    data = line.encode("utf-8", "replace")  # what no console or file would take: lone surrogates
    print(data.decode(), end="")
    if state._ring is not None:
        state._ring.store(data)
