"""Fields of API requests. Each function raises RequestError, which names the field."""

from __future__ import annotations

from typing import Any

from motelink_tools.hub.csm.model import FeatureKey
from motelink_tools.hub.csm.wire import PARAMETERS, Json, Kind, RequestError

_INPUT_TYPES = ("sample", "variant")


def texts(request: Json, name: str) -> list[str]:
    """A list of strings."""
    value = request.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RequestError(f"{name} must be a list of strings")
    return value


def digest(request: Json, name: str) -> str | None:
    """A string or null; it must be there."""
    if name not in request:
        raise RequestError(f"{name} is missing")
    value = request[name]
    if value is not None and not isinstance(value, str):
        raise RequestError(f"{name} must be a digest or null")
    return value


def depends(request: Json) -> dict[str, str]:
    """Digests by alias; none by default."""
    value = request.get("depends")
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise RequestError("depends must be an object of digests")
    return value


def feature(request: Json) -> FeatureKey:
    """Which feature of which device."""
    device = request.get("da_id")
    if not isinstance(device, str):
        raise RequestError("da_id must be a string")
    if ("idf" in request) == ("odf" in request):
        raise RequestError("exactly one of idf and odf must be given")
    kind: Kind = "idf" if "idf" in request else "odf"
    name = request[kind]
    if not isinstance(name, str):
        raise RequestError(f"{kind} must be a string")
    return device, kind, name


def number(request: Json, name: str) -> int | None:
    """A count of parameters."""
    value = request.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= PARAMETERS:
        raise RequestError(f"{name} must be a number from 0 to {PARAMETERS}")
    return value


def input_type(request: Json) -> str | list[str] | None:
    """For all values, or one for each."""
    value: Any = request.get("input_type")
    if value is None:
        return None
    each = value if isinstance(value, list) else [value]
    if len(each) > PARAMETERS or not all(item in (*_INPUT_TYPES, None) for item in each):
        raise RequestError(f"input_type must be {' or '.join(_INPUT_TYPES)}, or a list of these")
    return [item or "sample" for item in each] if isinstance(value, list) else str(value)
