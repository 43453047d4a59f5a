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
        trouble = ""
        for mirror in self._mirrors():
            self._configure(line, mirror)
            trouble = self._run("update") or self._run(*args)
            if not trouble:
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

    def _configure(self, line: str, mirror: str) -> None:
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
        (work / "apt.conf").write_text(
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

    def _run(self, *args: str) -> str:
        """The first error line, or nothing if all went well."""
        try:
            done = subprocess.run(
                ["apt-get", "-q", "-c", str(self._work / "apt.conf"), *args],
                cwd=self.packages,
                env={**os.environ, "LC_ALL": "C"},
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"apt-get {args[0]} took more than {_TIMEOUT_S} s"
        lines = (done.stderr + done.stdout).splitlines()
        errors = [line for line in lines if line.startswith(("E:", "Err:"))]
        # An update that only warns of an unreachable mirror exits with 0; the download then fails.
        return (errors or ["apt-get failed"])[0] if done.returncode else ""


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
