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

from motelink import port
from motelink.errors import ConfigError


class Config:
    """The settings in ``path``: ``protocol`` "ws" or "wss", ``host``, ``port`` int, ``user``,
    ``password``, ``gid`` "" while there is none; ``level``, ``rotating_log`` bool,
    ``rotating_log_backup_count`` int.

    Raises ConfigError, with file and setting and never a value, since it may be the password.
    """

    gid: str

    def __init__(self, path: str = "connector.conf"):
        from motelink import sepl_file

        self._path = path
        sepl_file.load(self, path)
        self._forget()

    def set_gid(self, gid: str) -> None:
        """Keep the id that the platform has given, over a restart too. Raises OSError,
        ConfigError for one that no line can hold."""
        if gid == self.gid:
            return
        if "\n" in gid or "\r" in gid or gid != gid.strip():
            raise ConfigError("the platform's gid cannot be written to %s" % self._path)
        from motelink import sepl_file

        sepl_file.keep(self._path, gid)
        self.gid = gid
        self._forget()

    def _forget(self) -> None:
        for part in ("sepl_file", "storage", "_files"):
            port.forget(part)
