"""The firmware of the repository on the fake board."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from motelink_tools import paths

from .firmware import NODE, PLATFORM


@pytest.fixture
def firmware(board: Any) -> Callable[..., None]:
    """``firmware(app, settings)`` puts them on the board, beside boot.py and main.py."""
    for name in ("boot.py", "main.py"):
        shutil.copy(paths.board_root() / name, board.files)
    shutil.copy(paths.board_folder(board.profile.name) / "board.py", board.files)

    def write(app: str = NODE, settings: str = PLATFORM) -> None:
        (board.files / "app.py").write_text(app)
        (board.files / "settings.toml").write_text(settings)

    return write
