"""Topics, bounds and JSON of the IoTtalk protocol, and the two ways in which a request fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from motelink_tools.hub.strict_json import parse_json

Kind = Literal["idf", "odf"]
Json = dict[str, Any]

# One HTTP body, one message of a control channel or of the API, one value of a feature.
MESSAGE_BYTES = 256 * 1024
DEVICES = 10_000
GRAPHS = 256
LINKS_A_GRAPH = 128
FUNCTIONS = 1024
FUNCTION_BYTES = 64 * 1024
PARAMETERS = 256

API_FILTERS = ("iottalk/api/req/+/device", "iottalk/api/req/+/graph/+")
STATE_FILTER = "+/ctrl/i"
# The suffix keeps what the workers publish from coming back here.
DATA_FILTER = "iottalk/esm/+/+/i"

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Publish:
    """A message to send at QoS 2. ``payload`` is JSON; "" clears a retained message."""

    topic: str
    payload: str
    retain: bool = False


class RequestError(Exception):
    """A request over MQTT that is answered with ``state: error`` and this reason."""


class HttpError(Exception):
    """A request over HTTP that is answered with this status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def is_uuid(text: str) -> bool:
    """Lower case with dashes, as in every URL and topic."""
    return _UUID.fullmatch(text) is not None


def control_channels(device: str) -> list[str]:
    """Where a device publishes its state and responses, and where it gets commands."""
    return [f"{device}/ctrl/i", f"{device}/ctrl/o"]


def data_topic(device: str, channel: str, kind: Kind) -> str:
    """Of one feature. It has the device in it, so that access rules can be written ahead."""
    return f"iottalk/esm/{device}/{channel}/{kind[0]}"


def access_rules(device: str) -> list[str]:
    """All that a device may do on the broker, as lines of mosquitto's ``acl_file``."""
    up, down = control_channels(device)
    return [
        f"topic write {up}",
        f"topic read {down}",
        f"topic write {data_topic(device, '+', 'idf')}",
        f"topic read {data_topic(device, '+', 'odf')}",
    ]


def parse_object(data: bytes | str) -> Json | None:
    """A JSON object, or None for anything else."""
    try:
        value = parse_json(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
