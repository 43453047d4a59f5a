"""``connector.conf``: an INI file, without configparser, which MicroPython has not.

    [CONNECTOR]
    protocol = wss
    host = platform.example.org
    port = 8093
    user = me
    password = secret
    gid =

    [LOGGER]
    level = info
    rotating_log = no
    rotating_log_backup_count = 14

The platform's ``gid`` is written back; the rest of the file, comments included, stays as it is.
"""

from motelink import storage
from motelink.errors import ConfigError

_LEVELS = ("debug", "info", "warning", "error", "critical")


class Config:
    """The settings in ``path``: ``protocol`` "ws" or "wss", ``host``, ``port`` int, ``user``,
    ``password``, ``gid`` "" while there is none; ``level``, ``rotating_log`` bool,
    ``rotating_log_backup_count`` int.

    Raises ConfigError, with file and setting and never a value, since it may be the password.
    """

    def __init__(self, path: str = "connector.conf"):
        self._path = path
        values = self._parse(self._read())
        self.protocol = self._one_of(values, "CONNECTOR.protocol", "wss", ("ws", "wss"))
        self.host = self._needed(values, "CONNECTOR.host")
        self.port = self._integer(values, "CONNECTOR.port", 443 if self.protocol == "wss" else 80)
        if not 0 < self.port < 65536:
            raise ConfigError("%s: CONNECTOR.port must be 1 to 65535" % path)
        self.user = self._needed(values, "CONNECTOR.user")
        self.password = self._needed(values, "CONNECTOR.password")
        self.gid = values.get("CONNECTOR.gid", "")
        self.level = self._one_of(values, "LOGGER.level", "info", _LEVELS)
        self.rotating_log = (
            self._one_of(values, "LOGGER.rotating_log", "no", ("yes", "no")) == "yes"
        )
        self.rotating_log_backup_count = self._integer(
            values, "LOGGER.rotating_log_backup_count", 14
        )

    def set_gid(self, gid: str) -> None:
        """Keep the id that the platform has given, over a restart too. Raises OSError,
        ConfigError for one that no line can hold."""
        if gid == self.gid:
            return
        if "\n" in gid or "\r" in gid or gid != gid.strip():
            raise ConfigError("the platform's gid cannot be written to %s" % self._path)
        storage.write(self._path, self._with_gid(gid))
        self.gid = gid

    def _read(self):
        data = storage.read(self._path)
        if data is None:
            raise ConfigError("%s: no such file" % self._path)
        return data

    def _with_gid(self, gid: str) -> str:
        line = "gid = " + gid
        lines = self._text(self._read()).split("\n")
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

    def _parse(self, data) -> dict:
        values = {}
        section = None
        number = 0
        for line in self._text(data).split("\n"):
            number += 1
            line = line.strip()
            if not line or line[0] in "#;":
                continue
            if _section(line):
                section = _section(line)
                continue
            key = _key(line)
            if section is None or not key:
                raise ConfigError(
                    "%s, line %d: expected [SECTION] or key = value" % (self._path, number)
                )
            values[section + "." + key] = line[min(_places(line)) + 1 :].strip()
        return values

    def _text(self, data) -> str:
        try:
            return data.decode()
        except UnicodeError:
            raise ConfigError("%s is not UTF-8" % self._path) from None

    def _needed(self, values, name):
        value = values.get(name)
        if not value:
            raise ConfigError("%s: %s is missing" % (self._path, name))
        return value

    def _one_of(self, values, name, default, choices):
        value = (values.get(name) or default).lower()
        if value not in choices:
            raise ConfigError("%s: %s must be one of %s" % (self._path, name, ", ".join(choices)))
        return value

    def _integer(self, values, name, default):
        try:
            return int(values.get(name) or default)
        except ValueError:
            raise ConfigError("%s: %s must be an integer" % (self._path, name)) from None


def _section(line):
    """Of ``[NAME]``; "" where there is none."""
    return line[1:-1].strip() if line[:1] == "[" and line[-1] == "]" else ""


def _places(line):
    return [i for i in (line.find("="), line.find(":")) if i > 0]


def _key(line):
    """configparser's: lower case, up to the first ``=`` or ``:``; "" where there is none."""
    places = _places(line)
    return line[: min(places)].strip().lower() if places else ""
