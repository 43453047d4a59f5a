"""What a release consists of, and where it comes from."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from motelink import __version__
from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi, MpyCross
from motelink_tools.flash.needs import needs
from motelink_tools.flash.sources import ALWAYS_SOURCE, library_modules
from motelink_tools.release import archive

_FIRMWARE = ("app.py", "boot.py", "main.py")
_BYTECODE = 0  # the architecture of files without native code, which load on each board
_BUILD_S = 300
_CIRCUITPYTHON_NEEDS = b"adafruit-circuitpython-requests\n"  # for motelink.http


def build(folder: Path) -> list[Path]:
    """Build all into ``folder``, which is made; the files, SHA256SUMS last.

    Raises ToolError ``no_checkout`` outside of a checkout, ``build`` with what failed.
    """
    if not (paths.board_root() / "pyproject.toml").is_file():
        raise ToolError("a release is built from a checkout of motelink", kind="no_checkout")
    folder.mkdir(parents=True, exist_ok=True)
    built = [*python_packages(folder), mpy_archive(folder), circuitpython_bundle(folder)]
    sums = folder / "SHA256SUMS"
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in built)
    sums.write_text("\n".join(lines) + "\n")
    return [*built, sums]


def python_packages(folder: Path) -> list[Path]:
    """The sdist, and the wheel that is built from it."""
    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", "--outdir", work],
            cwd=paths.board_root(),
            capture_output=True,
            text=True,
            timeout=_BUILD_S,
            check=False,
        )
        if done.returncode:
            raise ToolError(f"python -m build: {done.stdout}{done.stderr}".strip(), kind="build")
        built = sorted(Path(work).iterdir())
        return [Path(shutil.move(file, folder / file.name)) for file in built]


def mpy_archive(folder: Path) -> Path:
    """The firmware compiled, as `motelink flash` would send it, but for board.py and settings.

    Its files have no native code: they load wherever the bytecode's version fits, and the
    archive is named after that.
    """
    compiler = MpyCross.find()
    abi = Abi(*compiler.emits, _BYTECODE)
    sources = [(file, f"lib/motelink/{file.name}") for file in library_modules()]
    sources += [(paths.board_root() / name, name) for name in _FIRMWARE]
    jobs = [source for source in sources if source[1] not in ALWAYS_SOURCE]
    files = {
        dest.removesuffix(".py") + ".mpy": data
        for (_, dest), data in zip(jobs, compiler.compile(jobs, abi), strict=True)
    }
    files |= {name: (paths.board_root() / name).read_bytes() for name in sorted(ALWAYS_SOURCE)}
    files["LICENSE"] = (paths.board_root() / "LICENSE").read_bytes()
    files["MANIFEST.json"] = archive.manifest(__version__, files, mpy=str(abi).removeprefix("v"))
    target = folder / f"motelink-{__version__}-mpy{abi.version}.{abi.sub_version}.zip"
    archive.write(target, files)
    return target


def circuitpython_bundle(folder: Path) -> Path:
    """The layout of CircuitPython's library bundles, as source: ``lib``, ``examples``,
    ``requirements``. (Its mpy-cross is another one, and not on the package index.)"""
    name = f"motelink-circuitpython-py-{__version__}"
    roots = [f"motelink.{file.stem}" for file in library_modules() if file.stem[0] != "_"]
    files = {
        f"lib/motelink/{file.name}": file.read_bytes()
        for file in needs(roots, runtime="circuitpython")
    }
    examples = paths.board_root() / "examples" / "circuitpython"
    files |= {f"examples/motelink/{file.name}": file.read_bytes() for file in examples.iterdir()}
    files["requirements/motelink/requirements.txt"] = _CIRCUITPYTHON_NEEDS
    files["VERSIONS.txt"] = f"motelink: {__version__}\n".encode()
    files["LICENSE"] = (paths.board_root() / "LICENSE").read_bytes()
    target = folder / f"{name}.zip"
    archive.write(target, {f"{name}/{path}": data for path, data in files.items()})
    return target
