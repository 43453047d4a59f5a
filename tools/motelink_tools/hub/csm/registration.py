"""What a device says when it registers, checked in the order of the protocol's server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from motelink_tools.hub.csm.wire import HttpError, Json

_PROTOCOLS = ("mqtt", "zmq", "websocket")
_KEYS = ("accept_protos", "name", "idf_list", "odf_list", "profile")


@dataclass(frozen=True, slots=True)
class Registration:
    """The body of a PUT. Empty values stand for what was left out."""

    accept_protos: list[str]
    profile: Json
    name: str
    idf_list: list[Any]
    odf_list: list[Any]


def check(body: Any) -> Registration:
    """Raises HttpError: 400 for what is no object, 403 naming the field for anything else."""
    if not isinstance(body, dict):
        raise HttpError(400, f"expected a JSON object, got {type(body).__name__}")
    registration = Registration(
        accept_protos=_protocols(body.get("accept_protos")),
        name=_name(body.get("name")),
        idf_list=_features("idf_list", body.get("idf_list")),
        odf_list=_features("odf_list", body.get("odf_list")),
        profile=_profile(body.get("profile")),
    )
    for key in body:
        if key not in _KEYS:
            raise HttpError(403, f"Unknown field: {key}")
    return registration


def check_new(registration: Registration) -> None:
    """What is only checked of a device that is not known yet: the names of protocols."""
    for protocol in registration.accept_protos:
        if protocol.lower() not in _PROTOCOLS:
            raise HttpError(403, f"Invalid protocol: {protocol}")


def named_features(features: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Name and units of each feature that has a name.

    Entries should be ``[name, [unit, ...]]``; real clients also send ``[name, "idf"]``,
    ``[name, []]``, a bare name, or ``null``.
    """
    for entry in features:
        units: Any = None
        if isinstance(entry, list) and entry:
            units = entry[1] if len(entry) > 1 else None
            entry = entry[0]
        if isinstance(entry, str):
            yield entry, units if isinstance(units, list) else []


def dimension(features: list[Any], name: str) -> int | None:
    """How many values a feature has; 0 if that is not said, None if there is no such feature."""
    return next((len(units) for found, units in named_features(features) if found == name), None)


def _protocols(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise HttpError(403, "accept_protos is required: a list of protocols")
    if not value:
        raise HttpError(403, "accept_protos can not be empty")
    if not all(isinstance(protocol, str) for protocol in value):
        raise HttpError(403, "Invalid protocol: accept_protos has something that is no string")
    return value


def _name(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise HttpError(403, "name must be a string")
    return value or ""


def _features(key: str, value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise HttpError(403, f"{key} must be a list")
    if not value:
        raise HttpError(403, f"{key} can not be empty")
    return value


def _profile(value: Any) -> Json:
    if not isinstance(value, dict):
        raise HttpError(403, "profile is required: a JSON object")
    if "model" not in value:
        raise HttpError(403, "profile.model is required")
    return value
