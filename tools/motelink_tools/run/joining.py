"""What a virtual board needs to be let in: accounts on the hub of this machine, and secrets."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.control import HubClient
from motelink_tools.hub.app.folder import Folder
from motelink_tools.hub.app.settings import load
from motelink_tools.provision.secrets import Value


def find_hub(folder: Path | None) -> HubClient | None:
    """The hub that runs on a folder, by default on ~/.motelink; None where none does."""
    return HubClient.find(Folder(load(None, folder=folder).hub.folder))


def join(
    hub: HubClient, name: str, platforms: Iterable[str], known: Mapping[str, Value]
) -> tuple[dict[str, Value], list[str], list[str]]:
    """Settings with which a board called ``name`` is let in, the platforms that let it in, and
    those that the hub does not serve. ``known`` are settings that it got before. Raises ToolError.
    """
    settings: dict[str, Value] = {}
    joined, missing = [], []
    for platform in platforms:
        own = {key: value for key, value in known.items() if key.startswith(f"{platform}_")}
        try:
            given: dict[str, Any] = hub.call(platform, "join", name=name, known=own)
        except ToolError as error:
            if error.kind != "no_platform":
                raise
            missing.append(platform)
            continue
        settings |= given
        joined.append(platform)
    return settings, joined, missing
