"""Finds a real MicroPython for this machine, or fetches one into a cache of its own.

The one wanted is 32-bit: its objects and heap blocks are laid out as on ESP32 and RP2040, so what
it says about memory is what a board would say. Debian's i386 package is such a build. It is
fetched with a private apt configuration from the mirror that this machine already uses and
unpacked beside its libraries; nothing is installed, nothing of the system's apt is touched, and no
root is needed. Where that cannot be done, an installed ``micropython`` serves, marked ``bits=64``.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.progress import fetching

SUITE = "trixie"  # MicroPython 1.25; "forky" has 1.26
# The libraries come from this suite for every interpreter: later binaries run with them.
_LIBRARY_SUITE = "trixie"
_LIBRARIES = ["libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7", "libc6", "libgcc-s1"]
_LIBRARY_FOLDER = "usr/lib/i386-linux-gnu"
_BINARY = "usr/bin/micropython"
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_APT_TIMEOUT_S = 600  # two package lists and 4 MB of packages, over a slow line
# Padding that valgrind 3.19 cannot decode on x86 when it starts with a CS prefix; 0x90 is a nop.
_VALGRIND_REFUSES = (b"\x2e\x8d\xb4\x26", b"\x2e\x8d\x74\x26")
_ASK_VERSION = (
    "import sys\n"
    "print(*sys.implementation.version[:3], 32 if sys.maxsize < 1 << 32 else 64)"
)  # fmt: skip

Say = Callable[[str], None]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Interpreter:
    """One MicroPython and how to start it.

    ``argv`` is the command without arguments (more than one word: it runs with its own loader and
    libraries). ``bits`` is 32 where memory figures are those of a board. ``suite`` is the Debian
    suite that it came from, or "installed".
    """

    argv: tuple[str, ...]
    version: tuple[int, int, int]
    bits: int
    suite: str

    @property
    def path(self) -> Path:
        """The binary itself."""
        return Path(self.argv[-1])

    @property
    def release(self) -> str:
        """The version as people write it: ``1.25.0``."""
        return ".".join(str(part) for part in self.version)

    def command(self, *args: str, heap: str | None = None) -> list[str]:
        """The argument list for a process; ``heap`` is what ``-X heapsize`` takes ("128k")."""
        options = [] if heap is None else ["-X", f"heapsize={heap}"]
        return [*self.argv, *options, *args]

    def for_valgrind(self) -> "Interpreter":
        """A copy beside this one, in the cache, that valgrind can run.

        Takes the padding instructions that valgrind refuses out of the binary, its libraries and
        its loader. An installed interpreter is returned as it is.
        """
        if self.suite == "installed":
            return self
        source = self.path.parents[2]
        target = source.with_name(f"{self.suite}-valgrind")
        with _locked(source.parent):
            if not target.is_dir():
                with _new_folder(target) as folder:
                    shutil.copytree(source, folder, symlinks=True, dirs_exist_ok=True)
                    for path in (folder / _BINARY, *(folder / _LIBRARY_FOLDER).glob("*.so*")):
                        _make_valgrind_accept(path)
        return replace(self, argv=_argv(target))


def find(
    *, bits: int = 32, suite: str = SUITE, fetch: bool = True, say: Say = _to_stderr
) -> Interpreter:
    """The 32-bit MicroPython of ``suite``, fetched on first use, or else an installed one.

    Who needs a board's memory figures checks ``bits`` of what comes back. ``bits=64`` asks for the
    installed one. ``fetch=False`` never goes to the network. ``say`` is given a line about
    anything that takes time or that the caller did not ask for.
    Raises ToolError when there is neither.
    """
    reason = "none is installed"
    if bits == 32:
        try:
            return _cached(suite, fetch, say)
        except ToolError as error:
            reason = str(error)
    installed = shutil.which("micropython")
    if installed is None:
        raise ToolError(
            f"no MicroPython: {reason}; install 'micropython' so that it is on PATH",
            kind="no_micropython",
        )
    if bits == 32:
        say(f"motelink: using {installed}, whose memory figures are not a board's ({reason})")
    return _ask((installed,), "installed")


def _cached(suite: str, fetch: bool, say: Say) -> Interpreter:
    """The interpreter of one suite from the cache, which is filled first where it may be."""
    cache = paths.cache_folder() / "micropython"
    target = cache / suite
    if not target.is_dir():
        if not fetch:
            raise ToolError(f"nothing cached in {target}", kind="no_micropython")
        _require_apt()
        try:
            _fill(cache, suite, say)
        except (OSError, subprocess.CalledProcessError) as error:  # read-only, full, no folder
            reason = getattr(error, "strerror", None) or error
            raise ToolError(
                f"a 32-bit one cannot be kept in {cache}: {reason}; "
                "MOTELINK_CACHE names another folder",
                kind="cache",
            ) from error
    return _ask(_argv(target), suite)


def _fill(cache: Path, suite: str, say: Say) -> None:
    target = cache / suite
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache):
        if not target.is_dir():  # another process may have been first
            say(f"motelink: fetching 32-bit MicroPython ({suite}, once, 20 MB) to {target}")
            shown = say is _to_stderr  # another shows it in its own way
            with _new_folder(target) as folder, fetching("fetching", folder, shown=shown):
                _fetch(suite, folder)
                _ask(_argv(folder), suite)  # what cannot run here is not kept


def _argv(folder: Path) -> tuple[str, ...]:
    libraries = folder / _LIBRARY_FOLDER
    loader = libraries / "ld-linux.so.2"
    return (str(loader), "--library-path", str(libraries), str(folder / _BINARY))


def _ask(argv: tuple[str, ...], suite: str) -> Interpreter:
    """Run it to learn its version and word size; ToolError if it does not run here."""
    try:
        answer = subprocess.run(
            [*argv, "-c", _ASK_VERSION], capture_output=True, text=True, timeout=30, check=True
        )
        major, minor, patch, bits = (int(word) for word in answer.stdout.split())
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ToolError(
            f"MicroPython at {argv[-1]} does not run here ({error.__class__.__name__}); "
            "32-bit programs need an x86 Linux that allows them",
            kind="no_micropython",
        ) from error
    return Interpreter(argv, (major, minor, patch), bits, suite)


@contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """One process at a time fills the cache; the others wait and find it filled."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` in one step, or vanishes on an error."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # a fetch that was killed
    partial.mkdir()
    try:
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _require_apt() -> None:
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise ToolError(
            f"a 32-bit one can only be fetched on a Debian system ({missing[0]} is missing)",
            kind="no_micropython",
        )


def _mirrors() -> list[str]:
    """The mirrors this machine's apt uses, in its order, those for security updates left out."""
    sites = _apt_says("indextargets", "--format", "$(SITE)").splitlines()
    if not sites:  # it knows only what has been updated once, which a fresh container has not
        sites = re.findall(r"'([^']+)/dists/", _apt_says("update", "--print-uris"))
    mirrors = [site for site in dict.fromkeys(sites) if site and "security" not in site]
    if not mirrors:
        raise ToolError(
            "a 32-bit one cannot be fetched: apt on this machine has no package source",
            kind="no_mirror",
        )
    return mirrors


def _apt_says(*args: str) -> str:
    """What the system's apt-get answers to a question that changes nothing."""
    asked = subprocess.run(
        ["apt-get", *args], capture_output=True, text=True, timeout=60, check=False
    )
    return asked.stdout


def _fetch(suite: str, folder: Path) -> None:
    """Download the packages and unpack them into ``folder``."""
    work = folder / "apt"
    packages = work / "packages"
    packages.mkdir(parents=True)
    wanted = [f"micropython/{suite}", *(f"{name}/{_LIBRARY_SUITE}" for name in _LIBRARIES)]
    trouble = ""
    for mirror in _mirrors():
        _write_configuration(work, mirror, suite)
        trouble = _apt(work, "update") or _apt(work, "download", *wanted)
        if not trouble:
            break
    else:
        raise ToolError(f"a 32-bit one cannot be fetched: {trouble}", kind="fetch_failed")
    for package in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    shutil.rmtree(work)


def _write_configuration(work: Path, mirror: str, suite: str) -> None:
    """An apt that lives in ``work`` only, and knows one mirror and i386 alone."""
    (work / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (work / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    signed = f" signed-by={_KEYRING}" if _KEYRING.exists() else ""
    (work / "sources.list").write_text(
        "".join(
            f"deb [arch=i386{signed}] {mirror} {name} main\n"
            for name in dict.fromkeys((suite, _LIBRARY_SUITE))
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


def _apt(work: Path, *args: str) -> str:
    """Run the private apt-get; its first error line, or nothing if all went well."""
    try:
        done = subprocess.run(
            ["apt-get", "-q", "-c", str(work / "apt.conf"), *args],
            cwd=work / "packages",
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_APT_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"apt-get {args[0]} took more than {_APT_TIMEOUT_S} s"
    lines = (done.stderr + done.stdout).splitlines()
    errors = [line for line in lines if line.startswith(("E:", "Err:"))]
    # An update that only warns of an unreachable mirror exits with 0; the download then fails.
    return (errors or ["apt-get failed"])[0] if done.returncode else ""


def _make_valgrind_accept(path: Path) -> None:
    if path.is_symlink():
        return
    code = path.read_bytes()
    for refused in _VALGRIND_REFUSES:
        code = code.replace(refused, b"\x90" + refused[1:])
    path.write_bytes(code)
