"""Lines for a person: printed, and the last ones kept in fixed memory.

    log.set_level("debug")
    log.keep(2048)
    log.warning("%s: %s, next try in %d ms", name, error, wait)
    for line in log.lines(): print(line)

A line is ``SECONDS.MILLISECONDS LEVEL TEXT``, by `port.ticks_ms`, which starts anew every 12 days.

Where the level is off a call allocates nothing; so that this holds, the values are at most three
positional arguments. Where it is on, a call allocates its text, about three times its length, and
loads `motelink.log_text`, which writes it, for a moment; at level debug that stays. Where there is
no memory for that the bare text is printed.
Line breaks in values are escaped, so that a peer cannot forge lines. What a container or a buffer
holds is never shown, only its type and length: nobody logs a password by logging a dict.
"""

from motelink import port

DEBUG = 10
INFO = 20
WARNING = 30
ERROR = 40
OFF = 50

_NOTHING = object()

_level = INFO
_ring = None


def set_level(level) -> None:
    """Show this level and those above: a constant, or its name ("debug" ... "error", "off").

    Raises ConfigError for any other.
    """
    global _level
    from motelink import log_more

    _level = log_more.number(level)
    port.forget("log_more")


def keep(size: int) -> None:
    """Keep the last lines in ``size`` bytes, allocated now; 0 keeps none. Forgets those kept."""
    global _ring
    _ring = None
    if size:
        from motelink.log_more import Ring

        _ring = Ring(size)


def lines() -> list:
    """The lines kept, oldest first. Allocates a copy of them."""
    return [] if _ring is None else _ring.lines()


def debug(text, a=_NOTHING, b=_NOTHING, c=_NOTHING) -> None:
    """For whoever develops the firmware. ``text`` is a ``%`` template of a, b and c."""
    if _level <= 10:
        _log(DEBUG, text, a, b, c)


def info(text, a=_NOTHING, b=_NOTHING, c=_NOTHING) -> None:
    """What an operator likes to see: connected, configured."""
    if _level <= 20:
        _log(INFO, text, a, b, c)


def warning(text, a=_NOTHING, b=_NOTHING, c=_NOTHING) -> None:
    """Trouble that the firmware copes with by itself."""
    if _level <= 30:
        _log(WARNING, text, a, b, c)


def error(text, a=_NOTHING, b=_NOTHING, c=_NOTHING) -> None:
    """Trouble that needs a person."""
    if _level <= 40:
        _log(ERROR, text, a, b, c)


def exception(exc: BaseException, who="") -> None:
    """An exception with its traceback, at level error; ``who`` says where it was caught."""
    if _level <= 40:
        _log(ERROR, exc, who, _NOTHING, _NOTHING)


def _log(level, text, a, b, c):
    try:
        from motelink import log_text

        log_text.log(level, text, a, b, c)
        del log_text
    except Exception:  # no room, or no flash: a line about trouble must not be the end of all
        if isinstance(text, BaseException):
            port.print_exception(text)
        else:
            print(text)
    if _level > 10:
        port.forget("log_text")
