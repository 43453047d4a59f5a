"""The numbers in a message, by name, for the charts."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

NAMES = 24  # of one message, and of one device
_NAME_CHARACTERS = 80
_DEPTH = 5
# "led_on 1", "temperature: 21.5", "rssi=-60"
_LINE = re.compile(
    r"\s*([^\W\d][\w .%/()-]{0,60}?)\s*[ :=]\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*"
)


def numbers(platform: str, way: str, message: bytes) -> dict[str, float]:
    """Those of one message, at most `NAMES`. ``way``: in or out. Raises nothing.

    JSON of any shape, with names of nested values joined by dots, true and false as 1 and 0; or
    text with a name and a number on a line. What goes out is an order and no measurement, but for
    IoTtalk.
    """
    if way == "out" and platform != "iottalk":
        return {}
    text = message.decode(errors="replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return dict(_lines(text))
    return flatten(_UNWRAP.get(platform, _itself)(value))


def flatten(value: Any) -> dict[str, float]:
    """The numbers in a JSON value."""
    found: dict[str, float] = {}
    for name, number in _walk(value, "", _DEPTH):
        if len(found) == NAMES:
            break
        found[name[:_NAME_CHARACTERS] or "value"] = number
    return found


def _walk(value: Any, name: str, depth: int) -> Iterator[tuple[str, float]]:
    if isinstance(value, (bool, int, float)):
        number = _float(value)
        if math.isfinite(number):
            yield name, number
    elif not depth:
        return
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(inner, f"{name}.{key}" if name else str(key), depth - 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _walk(inner, name if len(value) == 1 else f"{name}[{place}]", depth - 1)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _lines(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines()[:NAMES]:
        if match := _LINE.fullmatch(line):
            number = _float(float(match[2]))
            if math.isfinite(number):
                yield match[1], number


# -- what platforms put around their values ------------------------------------------------------


def _itself(value: Any) -> Any:
    return value


def _losant(value: Any) -> Any:
    return value.get("data") if isinstance(value, dict) else None


def _commute(value: Any) -> Any:
    status = value.get("status") if isinstance(value, dict) else None
    if isinstance(status, dict) and isinstance(status.get("sensor"), str):
        return {status["sensor"]: status.get("value")}
    return None


def _sepl(value: Any) -> Any:
    try:
        return {f"{value['device']} {value['service']}": _decoded(value["value"])}
    except (KeyError, TypeError):
        return None


def _decoded(value: Any) -> Any:
    """SEPL's devices may send JSON in a string."""
    if isinstance(value, str) and len(value) < 100:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


_UNWRAP: dict[str, Callable[[Any], Any]] = {
    "losant": _losant,
    "commute": _commute,
    "sepl": _sepl,
}
