"""One provisioning from beginning to end."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.flash.project import SETTINGS
from motelink_tools.flash.sources import SECRETS
from motelink_tools.known_settings import known, mistyped
from motelink_tools.provision.asking import ask
from motelink_tools.provision.secrets import Value, is_name, merge, read
from motelink_tools.provision.store import Store
from motelink_tools.serial_ports import check_port, find_port
from motelink_tools.transport import connect

_WIFI = ("wifi_ssid", "wifi_password")
_STDIN = "-"


@dataclass(frozen=True)
class Options:
    """What the user asked for. ``source``: a file, or "-". ``names``: to ask for; without both,
    the project's secrets.toml tells which. ``listing`` and ``wipe`` exclude the rest. Raises
    ToolError ``usage``, ``bad_name``."""

    port: str | None = None
    source: str | None = None
    names: Sequence[str] = ()
    removed: Sequence[str] = ()
    project: Path = Path()
    nvs: bool = False
    listing: bool = False
    wipe: bool = False
    reset: bool = True

    def __post_init__(self) -> None:
        rest = self.source or self.names or self.removed or self.nvs
        if (self.listing or self.wipe) and rest:
            raise ToolError(
                "--list and --wipe stand alone: --wipe removes all, --remove NAME one setting",
                kind="usage",
                code=2,
            )
        if not all(map(is_name, (*self.names, *self.removed))):
            # Not repeated: it may be name=value.
            raise ToolError(
                "a setting's name is of A-Z a-z 0-9 _ -; give no value with it, you are asked",
                kind="bad_name",
            )


def provision(options: Options) -> dict[str, Any]:
    """What was done, by names alone, for `--json`. Raises ToolError.

    Values are asked for before the board is touched. It restarts at the end, with the new ones.
    """
    changes: dict[str, Value] = {}
    empty: list[str] = []
    port = find_port(options.port)
    check_port(port)
    if not options.listing and not options.wipe:
        changes, empty = _changes(options)
    with connect(port, reset=options.reset) as link:
        store = Store(link)
        if options.listing:
            done = _names(store)
        elif options.wipe:
            done = {"wiped": list(store.wipe())}
        else:
            done = _write(store, changes, options)
            if empty:
                done["empty"] = empty
    return {"ok": True, "port": port, **done}


def _names(store: Store) -> dict[str, Any]:
    return {
        "place": store.place,
        "secrets": sorted(read(store.text, f"the board's {store.place}")),
        "settings": sorted(read(store.settings(), f"the board's {SETTINGS}")),
    }


def _write(store: Store, changes: dict[str, Value], options: Options) -> dict[str, Any]:
    where = f"the board's {store.place}"
    before = read(store.text, where)
    store.write(merge(store.text, changes, options.removed, where), nvs=options.nvs)
    return {
        "place": store.place,
        "written": sorted(changes),
        "removed": sorted(set(options.removed) & set(before)),
        "not_there": sorted(set(options.removed) - set(before)),
        "kept": sorted(set(before) - set(changes) - set(options.removed)),
    }


def _changes(options: Options) -> tuple[dict[str, Value], list[str]]:
    """What to write; and what is in the file as a placeholder, and was not asked for."""
    found: dict[str, Value] = {}
    settings = known(options.project)
    to_ask = list(options.names)
    secrets = options.project / SECRETS
    if options.source:
        found = _from(options.source)
    elif not to_ask and not options.removed:
        found = read(secrets.read_bytes(), str(secrets)) if secrets.is_file() else {}
        to_ask = [name for name, value in found.items() if value == ""] if found else list(_WIFI)
    given = {name: value for name, value in found.items() if value != ""}
    if to_ask and (sys.stdin.isatty() or not given):
        given |= ask(to_ask, settings)
    types = {name: type(value).__name__ for name, value in given.items()}
    for name, what, write in mistyped(types, settings):
        raise ToolError(f"{name} is {what}; write {write}", kind="bad_value")
    empty = sorted((set(found) | set(to_ask)) - set(given))
    if not given and not options.removed and not options.nvs:
        raise ToolError("nothing to write: no value was given", kind="no_value")
    return given, empty


def _from(source: str) -> dict[str, Value]:
    if source == _STDIN:
        return read(sys.stdin.buffer.read(), "standard input")
    try:
        return read(Path(source).read_bytes(), source)
    except OSError as error:
        raise ToolError(f"cannot read {source}: {error.strerror}", kind="bad_path") from None
