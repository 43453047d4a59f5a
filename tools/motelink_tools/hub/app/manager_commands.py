"""What ``motelink manager COMMAND`` does, through the hub that runs on the folder. All raise
ToolError."""

from __future__ import annotations

import json
from pathlib import Path

from motelink_tools.hub.app.control import HubClient
from motelink_tools.hub.app.folder import Folder
from motelink_tools.hub.app.verbs import printable
from motelink_tools.hub.manager.connection import PLATFORM


def devices(folder: Path, *, as_json: bool) -> None:
    """All that are known, and which are connected."""
    facts = HubClient.get(Folder(folder)).call(PLATFORM, "facts")
    rows = [
        {"uuid": uuid, "type": fact["kind"], "connected": "data" in fact, "data": fact.get("data")}
        for uuid, fact in facts.items()
    ]
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        state = "connected" if row["connected"] else "-"
        data = printable(json.dumps(row["data"])) if row["connected"] else ""
        print(f"{state:10} {row['uuid']}  {printable(row['type'])}  {data}".rstrip())


def send(
    folder: Path, *, text: str, base64: bool, device: str | None, kind: str | None, as_json: bool
) -> None:
    """To one, to those of a type, or to all."""
    reached = HubClient.get(Folder(folder)).call(
        PLATFORM,
        "send",
        text=None if base64 else text,
        base64=text if base64 else None,
        device=device,
        kind=kind,
    )["reached"]
    print(json.dumps({"reached": reached}) if as_json else f"sent to {reached}")


def ask(folder: Path, *, device: str, as_json: bool) -> None:
    """Its data, anew."""
    found = HubClient.get(Folder(folder)).call(PLATFORM, "ask", device=device)
    print(json.dumps(found) if as_json else printable(json.dumps(found["data"])))


def forget(folder: Path, *, device: str, as_json: bool) -> None:
    """One that is not connected any more."""
    HubClient.get(Folder(folder)).call(PLATFORM, "forget", device=device)
    print(json.dumps({"uuid": device}) if as_json else f"forgot {device}")
