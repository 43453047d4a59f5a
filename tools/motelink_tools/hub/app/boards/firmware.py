"""What goes on a board: the SDK's firmware, a folder of the user's over it, and its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError
from motelink_tools.flash import from_arguments, standard

_BOARD = "virtual"
_SETTINGS = "settings.toml"


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """``settings.toml`` in the folder, readable by its owner alone: it has secrets."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / _SETTINGS
    path.touch(0o600)
    lines = (
        # A string of JSON is one of TOML, too.
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
        for name, value in settings.items()
    )
    path.write_text("".join(lines), encoding="utf-8")


def arguments(settings: Path, folder: str) -> list[str]:
    """For `flash.Options`: the SDK's files with the settings of that folder, and those of
    ``folder`` instead of, or beside, them. Raises ToolError.
    """
    sources = {source.dest: source for source in standard(_BOARD, settings)}
    if folder:
        if not Path(folder).is_dir():
            raise ToolError(f"there is no folder {folder[:200]!r} any more", kind="bad_path")
        sources |= {source.dest: source for source in from_arguments([f"{folder}:"])}
    return [f"{source.path}:{source.dest}" for source in sources.values()]
