"""Losant's messages: states in, commands out. See "The JSON" in docs/hub.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from motelink_tools.hub.strict_json import parse_json

# What the broker of the real platform allows.
PAYLOAD_BYTES = 256 * 1024

# The last millisecond of the year 9999, beyond which no calendar of ours can go.
_LAST_MS = 253_402_300_799_999


@dataclass(frozen=True, slots=True)
class State:
    """What a device reported. ``time``: milliseconds since 1970, None if it has no clock."""

    time: int | None
    data: dict[str, Any]


def decode_state(payload: bytes) -> State:
    """``{"data": {name: value}, "time": ms or {"$date": ISO 8601}}``; the time may be missing.

    Attributes that are null or ``{"$undefined": true}`` are left out. Raises ValueError, with
    what was expected and what came.
    """
    if len(payload) > PAYLOAD_BYTES:
        raise ValueError(f"expected at most {PAYLOAD_BYTES} bytes, got {len(payload)}")
    try:
        message = parse_json(payload)
    except ValueError as error:
        raise ValueError(f"expected JSON: {error}") from None
    if not isinstance(message, dict) or not isinstance(message.get("data"), dict):
        raise ValueError('expected {"data": {attribute: value, ...}}')
    data = {name: value for name, value in message["data"].items() if not _is_nothing(value)}
    return State(_milliseconds(message.get("time")), data)


def encode_command(name: str, payload: Any, time_ms: int) -> bytes:
    """``{"name": ..., "payload": ..., "time": {"$date": ...}}``. Raises ValueError if too long."""
    command = {"name": name, "payload": payload, "time": {"$date": iso(time_ms)}}
    encoded = json.dumps(command, ensure_ascii=False, separators=(",", ":")).encode()
    if len(encoded) > PAYLOAD_BYTES:
        raise ValueError(f"expected at most {PAYLOAD_BYTES} bytes, got {len(encoded)}")
    return encoded


def iso(time_ms: int) -> str:
    """``2016-11-04T19:42:06.710Z``, always with three digits after the point."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03}Z"


def from_iso(text: str) -> int:
    """Milliseconds since 1970; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return seconds.days * 86_400_000 + seconds.seconds * 1000 + seconds.microseconds // 1000


def _milliseconds(value: Any) -> int | None:
    if _is_nothing(value):
        return None
    if isinstance(value, dict) and "$date" in value:
        value = value["$date"]
    if isinstance(value, str):
        try:
            value = from_iso(value)
        except ValueError:
            raise ValueError(f"expected a time as ISO 8601, got {value[:40]!r}") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("expected a time in milliseconds since 1970, or {'$date': ISO 8601}")
    if not 0 <= value <= _LAST_MS:
        raise ValueError(f"expected a time of 1970 to 9999 in milliseconds, got {value}")
    return int(value)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and "$undefined" in value)
