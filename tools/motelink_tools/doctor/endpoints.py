"""The servers that a board's settings name, as its node would connect to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from motelink.manager_wire import DEFAULT_PORT

# The ends of the names whose values are needed for this. None of them is a secret's.
SHOWN = ("_host", "_port", "_url", "_root", "_secure", "_ca", "_protocol", "_servers")
_LOSANT_HOST = "broker.losant.com"
_SEPL_PORT = 8093
_COMMUTE_ROOT = "ws://127.0.0.1/ws"
_SECURE_SCHEMES = {"wss": 443, "https": 443, "ws": 80, "http": 80}


@dataclass(frozen=True)
class Endpoint:
    """``ca``: the file on the board with the certificate of the server's authority, or None.
    ``setting``: what names the host."""

    platform: str
    setting: str
    host: str
    port: int
    tls: bool = False
    ca: str | None = None

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

    if text("iottalk_url"):
        yield _of_url("iottalk", "iottalk_url", text("iottalk_url"))
    if text("manager_host"):
        manager_port = number("manager_port", DEFAULT_PORT)
        yield Endpoint("manager", "manager_host", text("manager_host"), manager_port)
    if "losant_device" in settings:
        secure = settings.get("losant_secure", True) is not False
        host = text("losant_host") or _LOSANT_HOST
        losant_port = number("losant_port", 8883 if secure else 1883)
        ca = text("losant_ca") or None
        yield Endpoint("losant", "losant_host", host, losant_port, secure, ca)
    if text("sepl_host"):
        secure = text("sepl_protocol") == "wss"
        sepl_port = number("sepl_port", _SEPL_PORT)
        yield Endpoint("sepl", "sepl_host", text("sepl_host"), sepl_port, secure)
    if "commute_device" in settings:
        yield _of_url("commute", "commute_root", text("commute_root", _COMMUTE_ROOT))


def _of_url(platform: str, setting: str, url: str) -> Endpoint:
    parts = urlsplit(url if "://" in url else f"//{url}")
    try:
        number = parts.port
    except ValueError:  # no number
        number = None
    secure = parts.scheme in ("wss", "https")
    default = _SECURE_SCHEMES.get(parts.scheme, 80)
    return Endpoint(platform, setting, parts.hostname or "", number or default, secure)
