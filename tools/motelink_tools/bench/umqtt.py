"""The umqtt.simple that ours is measured beside: as published on PyPI, fetched once by pip."""

import subprocess
import sys
import tempfile
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.paths import cache_folder

# The last one that pip takes.
_PACKAGE = "micropython-umqtt.simple==1.1"
_PIP_S = 120.0
MODULE = "lib/umqtt/simple.py"


def source() -> Path:
    """Its one module, in motelink's cache. Raises ToolError ``no_umqtt``."""
    folder = cache_folder() / _PACKAGE.replace("==", "-")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as partial:
            _install(Path(partial) / "new")
            if not folder.is_dir():  # another process may have been first
                (Path(partial) / "new").rename(folder)
    return folder / "umqtt" / "simple.py"


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-compile", "--target", str(folder)]
    try:
        subprocess.run(
            [*pip, *options, _PACKAGE],
            capture_output=True,
            text=True,
            timeout=_PIP_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise ToolError(f"pip cannot fetch {_PACKAGE}: {lines[-1]}", kind="no_umqtt") from error
