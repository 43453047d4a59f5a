"""The flash of a virtual board, with the firmware on it as `motelink flash` puts it there."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, flash


def flashed(folder: Path, project: Mapping[str, str]) -> Path:
    """A board's folder below ``folder``. ``project``: its files' texts, by name; without an
    ``app.py`` the firmware is motelink's own. Raises ToolError."""
    files = folder / "project"
    files.mkdir()
    for name, text in project.items():
        (files / name).write_text(text)
    with VirtualBoard(folder / "board") as board:
        flash(Options(port=board.port, board="virtual", project=files, reset=False))
    shutil.rmtree(files)
    return folder / "board"
