"""What is said of a setting that is missing or wrong. Loaded when there is one."""

from motelink.errors import ConfigError

_WANTED = {str: "a string in quotes", int: "an integer", bool: "true or false"}


def refuse(path: str, key: str, kind, missing: bool) -> None:
    """Raise ConfigError."""
    wanted = _WANTED.get(kind, "a number")
    if missing:
        raise ConfigError("%s: %s is missing; it must be %s" % (path, key, wanted))
    raise ConfigError("%s: %s must be %s" % (path, key, wanted))
