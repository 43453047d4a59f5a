"""The lines of secrets.toml: what they say, and what they say after a change. No message of this
file has a value in it."""

import json
import math
import re
from collections.abc import Collection, Mapping

from motelink.errors import ConfigError
from motelink.settings_toml import parse
from motelink_tools.errors import ToolError
from motelink_tools.flash.project import without_mark

Value = str | int | float | bool

_LINE = re.compile(r"[ \t]*([A-Za-z0-9_-]+)[ \t]*=")
_NAME = re.compile(r"[A-Za-z0-9_-]+")


def read(text: bytes, name: str) -> dict[str, Value]:
    """What the lines say, by the board's own parser. ``name`` stands for them in messages. Raises
    ToolError ``bad_settings`` with the line's number."""
    try:
        found: dict[str, Value] = parse(without_mark(text).splitlines(keepends=True), name)
    except ConfigError as error:
        raise ToolError(str(error), kind="bad_settings") from None
    return found


def is_name(text: str) -> bool:
    """Whether a setting can be called so."""
    return _NAME.fullmatch(text) is not None


def merge(
    text: bytes, changes: Mapping[str, Value], removed: Collection[str] = (), name: str = ""
) -> bytes:
    """``text`` with these values set and those names gone; all other lines stay as they are, but
    a byte order mark goes.
    Raises ToolError ``bad_settings``, ``bad_value``, ``bad_name``."""
    read(text, name)
    lines = []
    waiting = {key: _line(key, value) for key, value in changes.items()}
    for line in without_mark(text).decode().replace("\r\n", "\n").removesuffix("\n").split("\n"):
        found = _LINE.match(line)
        key = found[1] if found else ""
        if key not in removed:
            lines.append(waiting.pop(key, line))
    lines += waiting.values()
    merged = "".join(f"{line}\n" for line in lines if line or text).encode()
    read(merged, name)
    return merged


def _line(key: str, value: Value) -> str:
    if not is_name(key):
        raise ToolError(f"{key!r} cannot be a setting's name: A-Z a-z 0-9 _ -", kind="bad_name")
    if isinstance(value, float) and not math.isfinite(value):
        raise ToolError(f"{key}: inf and nan cannot be written", kind="bad_value")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeError:
            raise ToolError(f"{key}: the value is no valid text", kind="bad_value") from None
        # A string of JSON is one of TOML, but for this character.
        return f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
    return f"{key} = {json.dumps(value)}"
