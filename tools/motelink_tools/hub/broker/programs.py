"""Finding mosquitto and its clients: installed, or fetched once into the user's cache.

Taken from PATH or /usr/sbin. Where it is not installed, Debian's package and the libraries that
this machine lacks are fetched from the mirrors that the machine's apt already uses; nothing is
installed and no root is needed.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from motelink_tools.errors import ToolError
from motelink_tools.paths import cache_folder
from motelink_tools.private_apt import AptError, apt_get, unpack
from motelink_tools.progress import fetching

_APT_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
"""

Say = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Say it to the person at the terminal, and leave stdout to data."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Mosquitto:
    """The program, and the folder of the libraries that it needs besides the system's."""

    broker: Path
    libraries: Path | None = None

    def environment(self) -> dict[str, str]:
        """What a process of it is started with."""
        return _environment(self.libraries)


@dataclass(frozen=True)
class Clients:
    """The folder of mosquitto_pub and mosquitto_sub, and that of their libraries."""

    folder: Path
    libraries: Path | None = None

    def environment(self) -> dict[str, str]:
        """What a script that names them is started with."""
        path = os.pathsep.join([str(self.folder), os.environ.get("PATH", "")])
        return {**_environment(self.libraries), "PATH": path}


def find(say: Say = to_stderr) -> Mosquitto:
    """The installed mosquitto, or the cached one, fetched on first use. Raises ToolError."""
    found = installed()
    if found is None:
        _cached("mosquitto", say)
        found = _unpacked()
    return found


def installed() -> Mosquitto | None:
    """The one that `find` would give without fetching, or None."""
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    broker = shutil.which("mosquitto", path=search)
    if broker:
        return Mosquitto(Path(broker))
    return _unpacked() if (cache_folder() / "mosquitto").is_dir() else None


def _unpacked() -> Mosquitto:
    folder = cache_folder() / "mosquitto"
    return Mosquitto(folder / "usr/sbin/mosquitto", _libraries(folder))


def find_clients(say: Say = to_stderr) -> Clients:
    """The installed mosquitto_pub and mosquitto_sub, or the cached ones. Raises ToolError."""
    publisher = shutil.which("mosquitto_pub")
    if publisher:
        return Clients(Path(publisher).parent)
    folder, libraries = _cached("mosquitto-clients", say)
    return Clients(folder / "usr/bin", libraries)


def _environment(libraries: Path | None) -> dict[str, str]:
    if libraries is None:
        return dict(os.environ)
    found = [str(libraries), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, found))}


def _cached(package: str, say: Say) -> tuple[Path, Path | None]:
    """Where a package of Debian is unpacked, and its libraries; fetched on first use."""
    folder = cache_folder() / package
    if not folder.is_dir():
        say(f"motelink: fetching {package} (once, 4 MB) to {folder}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{package}.") as partial:
            with fetching("fetching", Path(partial), shown=say is to_stderr):
                _fetch(package, Path(partial))
            (Path(partial) / "root").chmod(0o755)
            # Another process may have been first: then its folder serves.
            with contextlib.suppress(OSError):
                (Path(partial) / "root").rename(folder)
    return folder, _libraries(folder)


def _libraries(folder: Path) -> Path | None:
    return next(iter(folder.glob("usr/lib/*-linux-*")), None)


def _fetch(package: str, folder: Path) -> None:
    """Download it, and the libraries that are not installed, into ``folder``/root."""
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise ToolError(
            f"{package} is not installed, and can only be fetched on Debian ({missing[0]} is "
            "missing): install it with the package manager",
            kind="no_mosquitto",
        )
    (folder / "lists" / "partial").mkdir(parents=True)
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    (folder / "apt.conf").write_text(_APT_CONFIGURATION.format(folder=folder))
    _apt(folder, "update")
    planned = _apt(folder, "install", "--simulate", "--no-install-recommends", package)
    names = [line.split()[1] for line in planned.splitlines() if line.startswith("Inst ")]
    wanted = [name for name in names if name.startswith("lib") or name == package]
    _apt(folder, "download", *wanted)
    unpack(sorted(folder.glob("*.deb")), folder / "root")


def _apt(folder: Path, *args: str) -> str:
    """Run apt-get with lists and cache of its own; what it printed. Raises ToolError."""
    try:
        return apt_get(folder / "apt.conf", folder, *args)
    except AptError as error:
        raise ToolError(f"mosquitto cannot be fetched: {error}", kind="no_mosquitto") from None
