"""What ``motelink losant`` does, through the hub where one runs, else on its database."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import spreadsheet, tables
from motelink_tools.hub.app.control import HubClient
from motelink_tools.hub.app.folder import Folder
from motelink_tools.hub.app.verbs import moment, parsed, printable
from motelink_tools.hub.losant.records import FILE_NAME, MIGRATIONS, Records
from motelink_tools.hub.losant.server import PLATFORM
from motelink_tools.hub.losant.wire import iso
from motelink_tools.hub.store import Database


def add(folder: Path, device: str, attributes: Sequence[str], *, as_json: bool) -> None:
    """``attributes``: ``name`` or ``name:type``. Prints id, key and secret. Raises ToolError."""
    typed = dict(_attribute(text) for text in attributes)
    hub = HubClient.find(Folder(folder))
    if hub:
        made = hub.call(PLATFORM, "add", name=device, attributes=typed)
    else:
        with _database(folder, create=True) as database:
            new, secret = Records(database).add(device, typed)
        made = {**asdict(new), "secret": secret}
    if as_json:
        print(json.dumps(made))
        return
    for field in ("id", "key", "secret"):
        print(f"{field:7} {made[field]}")
    print("The secret is kept nowhere and not shown again.", file=sys.stderr)


def remove(folder: Path, device: str, *, as_json: bool) -> None:
    """By name or id, with its states. Raises ToolError."""
    hub = HubClient.find(Folder(folder))
    if hub:
        gone = hub.call(PLATFORM, "remove", device=device)
    else:
        with _database(folder) as database:
            found = Records(database).remove(device)
        gone = {"id": found.id, "name": found.name}
    print(json.dumps(gone) if as_json else f"removed {gone['name']} ({gone['id']})")


def devices(folder: Path, *, as_json: bool) -> None:
    """All devices, and whether they are connected; in JSON with access keys. Raises ToolError."""
    hub = HubClient.find(Folder(folder))
    connected = set(hub.call(PLATFORM, "connected")) if hub else set()
    with _database(folder) as database:
        known = Records(database).devices()
    rows: list[dict[str, Any]] = [
        {
            "id": device.id,
            "name": device.name,
            "key": device.key,
            "attributes": device.attributes,
            "connected": device.id in connected,
        }
        for device in known
    ]
    if as_json:
        print(json.dumps(rows))
        return
    lines = []
    for row in rows:
        attributes = ", ".join(f"{name}:{kind}" for name, kind in row["attributes"].items())
        state = ("yes" if row["connected"] else "no") if hub else "no hub runs"
        lines.append((row["name"], row["id"], attributes or "any", state))
    tables.show(("name", "id", "attributes", "connected"), [lines])


def command(folder: Path, device: str, name: str, payload: str, *, as_json: bool) -> None:
    """``payload``: JSON. Raises ToolError, also if the device is not connected."""
    value = parsed(payload)
    hub = HubClient.get(Folder(folder))
    sent = hub.call(PLATFORM, "command", device=device, name=name, payload=value)
    print(json.dumps(sent) if as_json else f"sent {name} to {sent['name']} ({sent['id']})")


def states(
    folder: Path,
    device: str,
    since: str | None,
    until: str | None,
    limit: int | None,
    *,
    as_csv: bool,
    as_json: bool,
) -> None:
    """``since`` and ``until``: ISO 8601, or an age (90s, 15m, 24h, 7d). Raises ToolError."""
    first, end = _milliseconds(since), _milliseconds(until)
    with _database(folder) as database:
        records = Records(database)
        found = records.states(records.find(device).id, first, end, limit)
    if as_csv:
        spreadsheet.write(sys.stdout, [(iso(state.time), state.data) for state in found])
    elif as_json:
        print(json.dumps([{"time": iso(state.time), "data": state.data} for state in found]))
    else:
        for state in found:
            print(_line(iso(state.time), state.data))


def watch(folder: Path, device: str | None, *, as_json: bool) -> None:
    """Print each state as it arrives, until the hub ends. Raises ToolError."""
    hub = HubClient.get(Folder(folder))
    for state in hub.follow(PLATFORM, "watch", device=device):
        if state is None:
            print("watching; Ctrl-C ends it", file=sys.stderr, flush=True)
            continue
        state["time"] = iso(state["time"])
        line = _line(f"{state['time']} {state['name']}", state["data"])
        print(json.dumps(state) if as_json else line, flush=True)


def _database(folder: Path, *, create: bool = False) -> Database:
    path = folder / FILE_NAME
    if not create and not path.exists():
        raise ToolError(
            f"no Losant device was ever added in {folder}; 'motelink losant add NAME' adds one",
            kind="no_device",
        )
    return Database(path, MIGRATIONS)


def _attribute(text: str) -> tuple[str, str]:
    name, _, kind = text.partition(":")
    return name, kind or "number"


def _milliseconds(text: str | None) -> int | None:
    return None if text is None else round(moment(text) * 1000)


def _line(head: str, data: dict[str, Any]) -> str:
    return printable(
        "  ".join([head, *(f"{name} {json.dumps(value)}" for name, value in data.items())])
    )
