"""What a person configures: the flat file ``settings.toml`` on the board.

    settings = Settings()
    ssid = settings.text("wifi_ssid")               # required
    port = settings.integer("manager_port", 8595)   # or this
    fast = settings.flag("fast", False)

On CircuitPython values come from the runtime, which reads that file itself (`os.getenv`). What the
runtime does not give is read from the file, by `motelink.settings_toml`, when first asked for.
Secrets may be apart, see there; on CircuitPython they are what ``settings.toml`` does not have.

No message ever shows a value: it may be a password.
"""

from motelink import port

_REQUIRED = object()


class Settings:
    """The settings in the file ``path``. Where there is none, every setting is missing.

    Getters raise ConfigError for a wrong type, for a missing setting without a default, and for a
    file that cannot be read or is not flat TOML. Values stay in memory, about 50 bytes each.
    """

    def __init__(self, path: str = "settings.toml"):
        self._path = path
        self._values: dict | None = None

    def get(self, key: str, default=None):
        """A setting of whatever type, or ``default``."""
        value = port.getenv(key)
        if value is None:
            if self._values is None:
                from motelink.settings_toml import read

                try:
                    self._values = read(self._path)
                finally:
                    port.forget("settings_toml")  # 5 KB that are not needed again
            value = self._values.get(key)
        return default if value is None else value

    def text(self, key: str, default=_REQUIRED):
        """A string."""
        return self._typed(key, default, str)

    def integer(self, key: str, default=_REQUIRED):
        """An int."""
        return self._typed(key, default, int)

    def number(self, key: str, default=_REQUIRED):
        """A float; an integer in the file is one too."""
        value = self._typed(key, default, (int, float))
        return None if value is None else float(value)

    def flag(self, key: str, default=_REQUIRED):
        """A bool."""
        return self._typed(key, default, bool)

    def _typed(self, key, default, kind):
        value = self.get(key, default)
        if value is _REQUIRED or (
            value is not default
            and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool))
        ):
            from motelink import settings_error

            settings_error.refuse(self._path, key, kind, value is _REQUIRED)
        return value
