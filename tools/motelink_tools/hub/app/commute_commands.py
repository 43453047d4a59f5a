"""What ``motelink commute`` does, through the hub that runs on the folder. All raise ToolError."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.control import HubClient
from motelink_tools.hub.app.folder import Folder
from motelink_tools.hub.app.verbs import clock, parsed, printable
from motelink_tools.hub.commute.server import PLATFORM


def add(folder: Path, *, device: str, as_json: bool) -> None:
    """Prints id and key."""
    key = HubClient.get(Folder(folder)).call(PLATFORM, "add", device=device)
    if as_json:
        print(json.dumps({"device": device, "key": key}))
        return
    print(f"device  {device}\nkey     {key}")
    print("The key is kept nowhere and not shown again.", file=sys.stderr)


def remove(folder: Path, *, device: str, as_json: bool) -> None:
    """With its states."""
    HubClient.get(Folder(folder)).call(PLATFORM, "remove", device=device)
    print(json.dumps({"device": device}) if as_json else f"removed {device}")


def devices(folder: Path, *, as_json: bool) -> None:
    """All, and which are connected."""
    rows = HubClient.get(Folder(folder)).call(PLATFORM, "devices")
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{'connected' if row['connected'] else '-':10} {row['id']}")


def send(folder: Path, *, device: str, sensor: str, value: str, as_json: bool) -> None:
    """As a client of the device would."""
    status = {"sensor": sensor, "value": parsed(value)}
    hub = HubClient.get(Folder(folder))
    reached = hub.call(PLATFORM, "send", device=device, status=status)
    if not reached:
        raise ToolError(f"{device} is not connected", kind="not_connected")
    print(json.dumps({"reached": reached}) if as_json else f"sent to {device}")


def states(folder: Path, *, device: str, as_json: bool) -> None:
    """The last state of each sensor."""
    rows = HubClient.get(Folder(folder)).call(PLATFORM, "states", device=device)
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        status = row["status"]
        sensor = printable(status["sensor"])
        print(f"{clock(row['time'])}  {sensor}  {json.dumps(status['value'])}")


def watch(folder: Path, *, as_json: bool) -> None:
    """Until the hub ends."""
    hub = HubClient.get(Folder(folder))
    print("watching; Ctrl-C ends it", file=sys.stderr, flush=True)
    for row in hub.follow(PLATFORM, "watch"):
        text = f"{clock(row['time'])}  {row['device']}  {row['side']:6}  "
        print(json.dumps(row) if as_json else text + json.dumps(row["status"]), flush=True)
