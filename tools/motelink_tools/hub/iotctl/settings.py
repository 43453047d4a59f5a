"""The INI file of ``iotctl``: sections and keys of the platform's own server."""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path

from motelink_tools.errors import ToolError

_KEYS = {
    "core": {"userdir", "bind", "http-port", "da-expiration"},
    "core-db": {"type", "url", "host", "port", "user", "passwd"},
    "core-mqtt": {"scheme", "host", "port"},
    "core-ws": {"scheme", "host", "port"},
    "aaa": {"enable_mqtt_auth"},
    "aaa-ec": {"ec-token"},
}
# With which the platform's server logs in where the broker wants that.
_ACCOUNT = "ec"

SAMPLE = """\
; Settings of the IoTtalk server. Every key may be left out; here are the defaults.
; ${section:key} stands for another value, ${key} for one of the same section.

[core]
; where the database, the pid file and the log are
userdir = ~/.iottalk
; 0.0.0.0 for every network that this machine is in
bind = 127.0.0.1
http-port = 9992
; seconds after which a device that is away is deregistered
da-expiration = 259200

[core-db]
type = sqlite
url = ${core:userdir}/iottalk.db

[core-mqtt]
; the broker; devices are told the same, so its name must mean the same to them
scheme = mqtt
host = localhost
port = 1883

[core-ws]
; the broker's port for MQTT over WebSocket
scheme = ws
host = ${core-mqtt:host}
port = 1884

[aaa]
; true: log in to the broker as user "ec" with the token
enable_mqtt_auth = false

[aaa-ec]
ec-token =
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says."""

    folder: Path
    database: Path
    bind: str
    http_port: int
    expiration: float
    scheme: str
    host: str
    port: int
    ws_scheme: str
    ws_port: int
    account: tuple[str, str] | None

    @property
    def pid_file(self) -> Path:
        """Of the server that runs with these settings."""
        return self.folder / "csm.pid"

    @property
    def log_file(self) -> Path:
        """Of a server in the background."""
        return self.folder / "csm.log"


def load(path: Path | None) -> Settings:
    """Read a file; None stands for ~/.iottalk/iottalk.ini if that is there. Raises ToolError."""
    parser = configparser.ConfigParser(interpolation=configparser.ExtendedInterpolation())
    parser.read_string(SAMPLE)
    default = Path.home() / ".iottalk" / "iottalk.ini"
    if path is None and default.is_file():
        path = default
    name = str(path or "the defaults")
    try:
        if path is not None:
            own = configparser.ConfigParser(interpolation=None)
            own.read_string(path.read_text())
            _check_known(own)
            parser.read_string(path.read_text())
        return _settings(parser)
    except OSError as error:
        raise _wrong(name, error.strerror or "it cannot be read") from error
    except (configparser.Error, ValueError) as error:
        raise _wrong(name, " ".join(str(error).split())) from error


def write_sample(destination: Path) -> Path:
    """Write a file with the defaults, at that path or into that folder. Raises ToolError."""
    if destination.is_dir():
        destination /= "iottalk.ini"
    try:
        descriptor = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ToolError(f"{destination} is there already; remove it first", kind="file") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(SAMPLE)
    return destination


def _settings(parser: configparser.ConfigParser) -> Settings:
    kind = parser.get("core-db", "type")
    if kind != "sqlite":
        raise ValueError(f"[core-db] type is {kind}; only sqlite is supported")
    folder = Path(parser.get("core", "userdir")).expanduser().absolute()
    account = None
    if parser.getboolean("aaa", "enable_mqtt_auth"):
        account = (_ACCOUNT, parser.get("aaa-ec", "ec-token"))
    return Settings(
        folder=folder,
        database=folder / Path(parser.get("core-db", "url")).expanduser(),
        bind=parser.get("core", "bind"),
        http_port=_number(parser, "core", "http-port"),
        expiration=_number(parser, "core", "da-expiration"),
        scheme=parser.get("core-mqtt", "scheme"),
        host=parser.get("core-mqtt", "host"),
        port=_number(parser, "core-mqtt", "port"),
        ws_scheme=parser.get("core-ws", "scheme"),
        ws_port=_number(parser, "core-ws", "port"),
        account=account,
    )


def _number(parser: configparser.ConfigParser, section: str, key: str) -> int:
    text = parser.get(section, key)
    limit = 65535 if key.endswith("port") else 10**9
    if not text.isascii() or not text.isdigit() or int(text) > limit:
        raise ValueError(f"[{section}] {key} is {text!r}; expected a number up to {limit}")
    return int(text)


def _check_known(parser: configparser.ConfigParser) -> None:
    """A key that is misspelt would silently be without effect. Other sections are others'."""
    for section in parser.sections():
        for key in parser.options(section):
            if section in _KEYS and key not in _KEYS[section] | set(parser.defaults()):
                raise ValueError(f"[{section}] {key} is unknown")


def _wrong(name: str, reason: str) -> ToolError:
    return ToolError(f"cannot use {name}: {reason}", kind="settings")
