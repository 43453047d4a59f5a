"""CSV of states, which people open in spreadsheets."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

# What a spreadsheet may take as the beginning of a formula, in any of its languages.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def write(file: TextIO, states: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """A line a state: its time, and a column for each name that there is, in their order."""
    names = sorted({name for _, data in states for name in data})
    writer = csv.writer(file)
    writer.writerow(["time", *map(cell, names)])
    for time, data in states:
        writer.writerow([time, *(cell(data.get(name)) for name in names)])


def cell(value: Any) -> Any:
    """As spreadsheets show it; a text from a device never becomes a formula there."""
    if isinstance(value, str):
        return "'" + value if value.startswith(_FORMULA) else value
    if isinstance(value, (dict, list, bool)):
        return json.dumps(value)
    return value
