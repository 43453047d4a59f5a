"""What ``motelink sepl`` does, through the hub that runs on the folder. All raise ToolError."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from motelink_tools.hub.app import tables
from motelink_tools.hub.app.control import HubClient
from motelink_tools.hub.app.folder import Folder
from motelink_tools.hub.app.verbs import clock, moment, parsed, printable
from motelink_tools.hub.sepl.server import PLATFORM


def add_user(folder: Path, *, user: str, as_json: bool) -> None:
    """Prints name and password."""
    password = HubClient.get(Folder(folder)).call(PLATFORM, "add_user", name=user)
    if as_json:
        print(json.dumps({"user": user, "password": password}))
        return
    print(f"user      {user}\npassword  {password}")
    print("The password is kept nowhere and not shown again.", file=sys.stderr)


def remove_user(folder: Path, *, user: str, as_json: bool) -> None:
    """With the user's gateways and their devices."""
    HubClient.get(Folder(folder)).call(PLATFORM, "remove_user", name=user)
    print(json.dumps({"user": user}) if as_json else f"removed {user}")


def devices(folder: Path, *, as_json: bool) -> None:
    """Of all gateways."""
    rows = HubClient.get(Folder(folder)).call(PLATFORM, "devices")
    if as_json:
        print(json.dumps(rows))
        return
    lines = []
    for row in rows:
        state = "yes" if row["connected"] else "no"
        tags = ", ".join(row["tags"])
        lines.append((row["uri"], row["name"], row["iot_type"], tags, state, row["gid"]))
    tables.show(("id", "name", "type", "tags", "connected", "gateway"), [lines])


def command(
    folder: Path, *, device: str, service: str, value: str, timeout: float, as_json: bool
) -> None:
    """Prints what the service responds, as JSON."""
    hub = HubClient.get(Folder(folder))
    arguments = {"device": device, "service": service, "value": parsed(value)}
    response = hub.call(PLATFORM, "command", timeout=timeout, **arguments)
    print(json.dumps({"response": response} if as_json else response))


def events(folder: Path, *, device: str, since: str | None, limit: int, as_json: bool) -> None:
    """Oldest first."""
    hub = HubClient.get(Folder(folder))
    rows = hub.call(PLATFORM, "events", device=device, since=moment(since), limit=limit)
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{clock(row['time'])}  {printable(row['service'])}  {json.dumps(row['value'])}")


def watch(folder: Path, *, as_json: bool) -> None:
    """Until the hub ends."""
    hub = HubClient.get(Folder(folder))
    print("watching; Ctrl-C ends it", file=sys.stderr, flush=True)
    for row in hub.follow(PLATFORM, "watch"):
        text = f"{clock(row['time'])}  {row['device']}  {row['service']}  "
        text = printable(text) + json.dumps(row["value"])
        print(json.dumps(row) if as_json else text, flush=True)
