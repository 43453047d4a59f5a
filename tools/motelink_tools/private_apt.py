"""An apt-get of its own: fetches packages of any Debian suite from the mirror that this machine
already uses. Nothing is installed, nothing of the system's apt is touched, no root is needed."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from motelink_tools.errors import ToolError

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_TIMEOUT_S = 600  # two package lists and some megabytes of packages, over a slow line


class AptError(Exception):
    """What apt-get said."""


class PrivateApt:
    """Lives in ``work``, which it makes; what it fetches is in ``work/packages``. It knows i386
    and these ``suites`` alone. ``what``: what is fetched, for errors.

    Raises ToolError ``no_micropython`` where this is no Debian, ``no_mirror``, ``fetch_failed``.
    """

    def __init__(self, work: Path, suites: Sequence[str], *, what: str) -> None:
        require(what)
        self._work = work
        self._suites = tuple(dict.fromkeys(suites))
        self._what = what
        self.packages = work / "packages"

    def download(self, *packages: str) -> list[Path]:
        """Fetch ``package/suite`` each; the .deb files."""
        self._fetch("deb [arch=i386{signed}] {mirror} {suite} main\n", "download", *packages)
        return sorted(self.packages.glob("*.deb"))

    def source(self, package: str) -> Path:
        """Fetch the source of a package, with its patches applied: the folder."""
        self._fetch("deb-src [{signed} ] {mirror} {suite} main\n", "source", package)
        return next(path for path in self.packages.iterdir() if path.is_dir())

    def _fetch(self, line: str, *args: str) -> None:
        self.packages.mkdir(parents=True, exist_ok=True)
        trouble: AptError | None = None
        for mirror in self._mirrors():
            configuration = self._configure(line, mirror)
            try:
                apt_get(configuration, self.packages, "update")
                apt_get(configuration, self.packages, *args)
            except AptError as error:
                trouble = error
            else:
                return
        raise ToolError(f"{self._what} cannot be fetched: {trouble}", kind="fetch_failed")

    def _mirrors(self) -> list[str]:
        """Those this machine's apt uses, in its order, those for security updates left out."""
        sites = _system_says("indextargets", "--format", "$(SITE)").splitlines()
        if not sites:  # it knows only what was updated once, which a fresh container has not
            sites = re.findall(r"'([^']+)/dists/", _system_says("update", "--print-uris"))
        mirrors = [site for site in dict.fromkeys(sites) if site and "security" not in site]
        if not mirrors:
            raise ToolError(
                f"{self._what} cannot be fetched: apt on this machine has no package source",
                kind="no_mirror",
            )
        return mirrors

    def _configure(self, line: str, mirror: str) -> Path:
        work = self._work
        (work / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (work / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        signed = f" signed-by={_KEYRING}" if _KEYRING.exists() else ""
        (work / "sources.list").write_text(
            "".join(
                line.format(signed=signed, mirror=mirror, suite=suite) for suite in self._suites
            )
        )
        # The hooks are cleared because a container's would delete from the system's own cache.
        configuration = work / "apt.conf"
        configuration.write_text(
            f"""\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architecture "i386";
APT::Architectures {{ "i386"; }};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Dir::Etc::SourceList "{work}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "{work}/lists";
Dir::State::status "/dev/null";
Dir::Cache "{work}/cache";
"""
        )
        return configuration


def apt_get(configuration: Path, folder: Path, *args: str) -> str:
    """Run apt-get in ``folder``, with a configuration of its own; what it printed. Raises
    `AptError` with the first line that says why."""
    try:
        done = subprocess.run(
            ["apt-get", "-q", "-c", str(configuration), *args],
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AptError(f"apt-get {args[0]} took more than {_TIMEOUT_S} s") from None
    # An update that only warns of an unreachable mirror exits with 0; the download then fails.
    if done.returncode:
        lines = (done.stderr + done.stdout).splitlines()
        errors = [line for line in lines if line.startswith(("E:", "Err:"))]
        raise AptError((errors or ["apt-get failed"])[0])
    return done.stdout


def require(what: str) -> None:
    """Raise ToolError where there is no apt."""
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise ToolError(
            f"{what} can only be fetched on a Debian system ({missing[0]} is missing)",
            kind="no_micropython",
        )


def unpack(packages: Sequence[Path], folder: Path) -> None:
    """Put the files of .deb packages into ``folder``, as they lie beneath ``/``. Raises
    subprocess.CalledProcessError."""
    for package in packages:
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)


def _system_says(*args: str) -> str:
    """What the system's apt-get answers to a question that changes nothing."""
    asked = subprocess.run(
        ["apt-get", *args], capture_output=True, text=True, timeout=60, check=False
    )
    return asked.stdout
