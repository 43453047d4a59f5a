"""Where things are: the device-side files, beside this package in a checkout and inside it when
installed, and the cache."""

import os
from pathlib import Path

import motelink
from motelink_tools.errors import ToolError

_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]


def library() -> Path:
    """The folder that holds the package ``motelink`` (``lib/`` in a checkout)."""
    return Path(motelink.__file__).parents[1]


def board_root() -> Path:
    """The folder that holds boot.py, main.py and ``boards/``."""
    installed = _PACKAGE / "data"
    return installed if installed.is_dir() else _CHECKOUT


def board_folder(name: str) -> Path:
    """The folder of one board. Raises ToolError with the known names for any other."""
    folder = board_root() / "boards" / name
    if not (folder / "board.py").is_file():
        known = ", ".join(sorted(p.parent.name for p in folder.parent.glob("*/board.py")))
        raise ToolError(f"no board named {name!r}; there are: {known}", kind="unknown_board")
    return folder


def cache_folder() -> Path:
    """Where motelink keeps what it fetched or built: $MOTELINK_CACHE, or the user's cache."""
    own = os.environ.get("MOTELINK_CACHE")
    if own:
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "motelink"
