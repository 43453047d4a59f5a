"""Which settings there are: read from the sources that ask for them, so the list is never old.

A call ``settings.text("losant_key")`` makes a setting, required where it has no default;
``text("wifi_ssid" + end, ...)`` makes nine, as `motelink.node_wifi_join` numbers them.
"""

import ast
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from motelink_tools import paths

_KINDS = {
    "text": ("str",),
    "integer": ("int",),
    "number": ("float", "int"),
    "flag": ("bool",),
    "get": (),
}
_WORDS = {
    "str": "a string in quotes",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
}
_NUMBERED = tuple(f"_{number}" for number in range(2, 10))
_ALIKE = 0.75  # "losant_hots" is to losant_host 0.91; "led_pin" to any of ours below 0.5


@dataclass(frozen=True)
class Setting:
    """``types``: names of the Python types that it may have, none for any. ``platform``: whose
    part of the node cannot do without it, or None."""

    types: tuple[str, ...]
    platform: str | None = None


def known(project: Path) -> dict[str, Setting]:
    """Those that the library asks for, and those of the programs in the project's folder."""
    found = dict(_library())
    for file in sorted([*project.glob("*.py"), *project.glob("lib/*.py")]):
        for name, types, _ in _asked(file):
            found.setdefault(name, Setting(types))
    return found


@cache
def _library() -> Mapping[str, Setting]:
    found: dict[str, Setting] = {}
    for file in sorted((paths.library() / "motelink").glob("node*.py")):
        part = file.stem.removeprefix("node_")
        for name, types, required in _asked(file):
            before = found.get(name, Setting(()))
            whose = part if required and name.startswith(f"{part}_") else before.platform
            found[name] = Setting(types or before.types, whose)
    for name in _names_of_platforms():
        found.setdefault(name, Setting(("str",)))
    return found


def _names_of_platforms() -> Iterator[str]:
    """The settings by which a node chooses platforms: pairs of strings in `motelink.node`."""
    for node in ast.walk(_parsed(paths.library() / "motelink" / "node.py")):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            words = [_text(item) for item in node.elts]
            if words[0] and words[1].startswith(f"{words[0]}_"):
                yield words[1]


def _asked(file: Path) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """(name, types, whether it must be there) of each that a program asks for."""
    for node in ast.walk(_parsed(file)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        function, key = node.func, node.args[0]
        word = function.attr if isinstance(function, ast.Attribute) else ""
        word = function.id if isinstance(function, ast.Name) else word
        if word not in _KINDS or not (word != "get" or _is_settings(function)):
            continue
        required = len(node.args) == 1 and not node.keywords and word != "get"
        if _text(key):
            yield _text(key), _KINDS[word], required
        elif isinstance(key, ast.BinOp) and _text(key.left):
            for end in ("", *_NUMBERED):
                yield _text(key.left) + end, _KINDS[word], False


def _text(node: ast.expr) -> str:
    """A string that stands in the source; else an empty one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_settings(function: ast.expr) -> bool:
    """Whether a ``get`` is that of settings, and not of any dict."""
    return "settings" in ast.unparse(function)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError):
        return ast.Module([], [])  # a flash tells of it


def strangers(names: Iterable[str], settings: Mapping[str, Setting]) -> Iterator[tuple[str, str]]:
    """(name, the name that is meant most likely, or an empty string) of those nobody asks for."""
    for name in sorted(set(names) - set(settings)):
        alike = difflib.get_close_matches(name, settings, 1, _ALIKE)
        yield name, alike[0] if alike else ""


def doubts(names: Iterable[str], settings: Mapping[str, Setting]) -> Iterator[str]:
    """A line for each that nobody asks for and that is nearly one of ours."""
    for name, alike in strangers(names, settings):
        if alike:
            yield f"nothing asks for the setting {name}: did you mean {alike}?"


def mistyped(
    present: Mapping[str, str], settings: Mapping[str, Setting]
) -> Iterator[tuple[str, str, str]]:
    """(name, what it is, what to write) of those with a value that a board refuses. ``present``:
    by name the name of the value's type."""
    for name, kind in sorted(present.items()):
        types = settings[name].types if name in settings else ()
        if types and kind not in types:
            yield name, _WORDS.get(kind, kind), _WORDS[types[0]]
