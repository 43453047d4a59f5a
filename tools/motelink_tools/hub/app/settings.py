"""The hub's configuration: one TOML file, a section a platform. See docs/hub.md."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
import tomllib
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import platforms
from motelink_tools.hub.app.platform import Module

DEFAULT_FOLDER = Path("~/.motelink")


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Section ``[hub]``. ``only``: the platforms to serve; empty: all that there are.

    ``page_port``: None takes the page's own port, or any if that is taken. ``boards``: whether
    virtual boards can be started from the page, which lets who may use it run any code here.
    """

    folder: Path = DEFAULT_FOLDER
    host: str = "127.0.0.1"
    only: tuple[str, ...] = ()
    page_host: str = "127.0.0.1"
    page_port: int | None = None
    boards: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """The hub's settings, and those of each platform that it serves, by name."""

    hub: HubSettings
    platforms: Mapping[str, Any]


def modules() -> dict[str, Module]:
    """Every file of ``platforms/``, by the platform's name."""
    found = sorted(found.name for found in pkgutil.iter_modules(platforms.__path__))
    return {
        name: cast(Module, importlib.import_module(f"{platforms.__name__}.{name}"))
        for name in found
    }


def load(
    path: Path | None, *, folder: Path | None = None, only: Collection[str] = ()
) -> Configuration:
    """Read the file (None: everything as it is by default); ``folder`` and ``only`` win over it.

    Raises ToolError, with the place, for a file, section, key or value that cannot be.
    """
    content = _read(path) if path else {}
    known = modules()
    where = str(path)
    unknown = sorted(set(content) - set(known) - {"hub"})
    if unknown:
        raise _wrong(f"{where}: no section [{unknown[0]}]; there are: hub, {', '.join(known)}")
    hub = _section(HubSettings, "hub", content.get("hub", {}), where)
    hub = dataclasses.replace(
        hub, folder=(folder or hub.folder).expanduser().absolute(), only=tuple(only) or hub.only
    )
    strangers = sorted(set(hub.only) - set(known))
    if strangers:
        raise _wrong(f"no platform {strangers[0]!r}; there are: {', '.join(known)}")
    return Configuration(
        hub,
        {
            name: _section(module.Settings, name, content.get(name, {}), where)
            for name, module in known.items()
            if not hub.only or name in hub.only
        },
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # as editors on Windows do
    except OSError as error:
        raise _wrong(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(f"{path}: {error}") from error


def _section(kind: type[Any], name: str, values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise _wrong(f"{where}: expected a section [{name}]")
    hints = typing.get_type_hints(kind)
    made: dict[str, Any] = {}
    for key, value in values.items():
        if key not in hints:
            raise _wrong(f"{where}: [{name}] has no {key!r}; there are: {', '.join(hints)}")
        made[key] = _value(hints[key], value, f"{where}: [{name}] {key}")
        _in_range(key, value, f"{where}: [{name}] {key}")
    return kind(**made)


def _in_range(key: str, value: Any, where: str) -> None:
    """No number here may be negative, and a port is at most 65535."""
    if not isinstance(value, (int, float)):
        return
    most = 65535 if key.endswith("port") else math.inf
    if not 0 <= value <= most:  # nor nan
        expected = f"0 to {most}" if most < math.inf else "0 or more"
        raise _wrong(f"{where}: expected {expected}, got {value!r}")


def _value(hint: Any, value: Any, where: str) -> Any:
    """``value`` as a field's type: str, int, float, bool, Path, or a tuple of str; or None."""
    kinds = [kind for kind in typing.get_args(hint) or (hint,) if kind is not types.NoneType]
    kind = kinds[0]
    if typing.get_origin(hint) is tuple:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise _wrong(f"{where}: expected a list of strings, got {value!r}")
    expected: tuple[type, ...] = {float: (int, float), Path: (str,)}.get(kind, (kind,))
    if not isinstance(value, expected) or (isinstance(value, bool) and kind is not bool):
        name = {Path: "a path", float: "a number"}.get(kind, kind.__name__)
        raise _wrong(f"{where}: expected {name}, got {value!r}")
    return Path(str(value)).expanduser() if kind is Path else value


def _wrong(message: str) -> ToolError:
    return ToolError(message, kind="configuration", code=2)
