"""The servers that a board's settings name, as its node would connect to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from motelink.manager_wire import DEFAULT_PORT

# The ends of the names whose values are needed for this. None of them is a secret's.
SHOWN = ("_host", "_port", "_url", "_root", "_secure", "_tls", "_ca", "_protocol", "_servers")
_LOSANT_HOST = "broker.losant.com"
_SEPL_PORT = 8093
_COMMUTE_ROOT = "ws://127.0.0.1/ws"
_SCHEMES = {"wss": 443, "https": 443, "ws": 80, "http": 80}


@dataclass(frozen=True)
class Endpoint:
    """``ca``: the file on the board with the certificate of the server's authority, or None.
    ``setting``: what names the host. ``switch``: what turns TLS on and off."""

    platform: str
    setting: str
    host: str
    port: int
    tls: bool
    switch: str
    ca: str | None

    @property
    def is_loopback(self) -> bool:
        """Whether it is only where the board itself is."""
        return self.host == "localhost" or self.host.startswith("127.") or self.host == "::1"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def endpoints(settings: Mapping[str, Any]) -> Iterator[Endpoint]:
    """One for each platform that is configured, with the defaults of ``motelink.node_*``. Values
    of a wrong type are left to who judges the settings."""

    def text(name: str, default: str = "") -> str:
        value = settings.get(name)
        return value if isinstance(value, str) else default

    def number(name: str, default: int) -> int:
        value = settings.get(name)
        return value if isinstance(value, int) and 0 < value < 65536 else default

    def at(platform: str, host: str, default: int, switch: str, *, tls: bool) -> Endpoint:
        where = number(f"{platform}_port", default)
        ca = text(f"{platform}_ca") or None
        return Endpoint(platform, f"{platform}_host", host, where, tls, switch, ca)

    if text("iottalk_url"):
        yield _of_url("iottalk_url", text("iottalk_url"), text("iottalk_ca"))
    if text("manager_host"):
        tls = settings.get("manager_tls") is True
        yield at("manager", text("manager_host"), DEFAULT_PORT, "manager_tls", tls=tls)
    if "losant_device" in settings:
        tls = settings.get("losant_secure", True) is not False
        host = text("losant_host") or _LOSANT_HOST
        yield at("losant", host, 8883 if tls else 1883, "losant_secure", tls=tls)
    if text("sepl_host"):
        tls = text("sepl_protocol") == "wss"
        yield at("sepl", text("sepl_host"), _SEPL_PORT, "sepl_protocol", tls=tls)
    if "commute_device" in settings:
        yield _of_url("commute_root", text("commute_root", _COMMUTE_ROOT), text("commute_ca"))


def _of_url(setting: str, url: str, ca: str) -> Endpoint:
    parts = urlsplit(url if "://" in url else f"//{url}")
    try:
        number = parts.port
    except ValueError:  # no number
        number = None
    tls = parts.scheme in ("wss", "https")
    number = number or _SCHEMES.get(parts.scheme, 80)
    platform = setting.partition("_")[0]
    return Endpoint(platform, setting, parts.hostname or "", number, tls, setting, ca or None)
