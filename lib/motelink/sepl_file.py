"""Reads and changes ``connector.conf`` for `motelink.sepl_config`, which says what is in it, and
loads this for the occasion."""

from motelink import storage
from motelink.errors import ConfigError

_LEVELS = ("debug", "info", "warning", "error", "critical")


def load(config, path: str) -> None:
    """Give ``config`` its attributes. Raises OSError, ConfigError."""
    values = _parsed(path)
    config.protocol = _one_of(path, values, "CONNECTOR.protocol", "wss", ("ws", "wss"))
    config.host = _needed(path, values, "CONNECTOR.host")
    number = 443 if config.protocol == "wss" else 80
    config.port = _integer(path, values, "CONNECTOR.port", number)
    if not 0 < config.port < 65536:
        raise ConfigError("%s: CONNECTOR.port must be 1 to 65535" % path)
    config.user = _needed(path, values, "CONNECTOR.user")
    config.password = _needed(path, values, "CONNECTOR.password")
    config.gid = values.get("CONNECTOR.gid", "")
    config.level = _one_of(path, values, "LOGGER.level", "info", _LEVELS)
    rotating = _one_of(path, values, "LOGGER.rotating_log", "no", ("yes", "no"))
    config.rotating_log = rotating == "yes"
    count = _integer(path, values, "LOGGER.rotating_log_backup_count", 14)
    config.rotating_log_backup_count = count


def keep(path: str, gid: str) -> None:
    """Write the gid where it belongs, and nothing else. Raises OSError, ConfigError."""
    storage.write(path, _with_gid(path, gid))


def _with_gid(path: str, gid: str) -> str:
    line = "gid = " + gid
    lines = _text(path).split("\n")
    section = ""
    head = 0
    for i in range(len(lines)):
        text = lines[i].strip()
        if _section(text):
            section = _section(text)
            if section == "CONNECTOR":
                head = i
        elif section == "CONNECTOR" and _key(text) == "gid":
            lines[i] = line
            return "\n".join(lines)
    lines.insert(head + 1, line)
    return "\n".join(lines)


def _parsed(path: str) -> dict:
    values = {}
    section = None
    number = 0
    for line in _text(path).split("\n"):
        number += 1
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if _section(line):
            section = _section(line)
            continue
        key = _key(line)
        if section is None or not key:
            raise ConfigError("%s, line %d: expected [SECTION] or key = value" % (path, number))
        values[section + "." + key] = line[min(_places(line)) + 1 :].strip()
    return values


def _text(path: str) -> str:
    data = storage.read(path)
    if data is None:
        raise ConfigError("%s: no such file" % path)
    try:
        return data.decode()
    except UnicodeError:
        raise ConfigError("%s is not UTF-8" % path) from None


def _needed(path, values, name):
    value = values.get(name)
    if not value:
        raise ConfigError("%s: %s is missing" % (path, name))
    return value


def _one_of(path, values, name, default, choices):
    value = (values.get(name) or default).lower()
    if value not in choices:
        raise ConfigError("%s: %s must be one of %s" % (path, name, ", ".join(choices)))
    return value


def _integer(path, values, name, default):
    try:
        return int(values.get(name) or default)
    except ValueError:
        raise ConfigError("%s: %s must be an integer" % (path, name)) from None


def _section(line):
    """Of ``[NAME]``; "" where there is none."""
    return line[1:-1].strip() if line[:1] == "[" and line[-1] == "]" else ""


def _places(line):
    return [i for i in (line.find("="), line.find(":")) if i > 0]


def _key(line):
    """configparser's: lower case, up to the first ``=`` or ``:``; "" where there is none."""
    places = _places(line)
    return line[: min(places)].strip().lower() if places else ""
