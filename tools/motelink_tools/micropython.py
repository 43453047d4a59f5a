"""Finds a real MicroPython for this machine, or fetches one into a cache of its own.

The one wanted is 32-bit: its objects and heap blocks are laid out as on ESP32 and RP2040, so what
it says about memory is what a board would say. Debian's i386 package is such a build. It is
fetched with a private apt configuration from the mirror that this machine already uses and
unpacked beside its libraries; nothing is installed, nothing of the system's apt is touched, and no
root is needed. Where that cannot be done, an installed ``micropython`` serves, marked ``bits=64``.
"""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from motelink_tools import paths, private_apt
from motelink_tools.errors import ToolError
from motelink_tools.private_apt import PrivateApt
from motelink_tools.progress import fetching

SUITE = "trixie"  # MicroPython 1.25; "forky" has 1.26
# The libraries come from this suite for every interpreter: later binaries run with them.
_LIBRARY_SUITE = "trixie"
_LIBRARIES = ["libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7", "libc6", "libgcc-s1"]
_LIBRARY_FOLDER = "usr/lib/i386-linux-gnu"
_BINARY = "usr/bin/micropython"
_WHAT = "a 32-bit one"
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
        with locked(source.parent):
            if not target.is_dir():
                with new_folder(target) as folder:
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
    return ask((installed,), "installed")


def _cached(suite: str, fetch: bool, say: Say) -> Interpreter:
    """The interpreter of one suite from the cache, which is filled first where it may be."""
    cache = paths.cache_folder() / "micropython"
    target = cache / suite
    if not target.is_dir():
        if not fetch:
            raise ToolError(f"nothing cached in {target}", kind="no_micropython")
        private_apt.require(_WHAT)
        try:
            _fill(cache, suite, say)
        except (OSError, subprocess.CalledProcessError) as error:  # read-only, full, no folder
            reason = getattr(error, "strerror", None) or error
            raise ToolError(
                f"a 32-bit one cannot be kept in {cache}: {reason}; "
                "MOTELINK_CACHE names another folder",
                kind="cache",
            ) from error
    return ask(_argv(target), suite)


def _fill(cache: Path, suite: str, say: Say) -> None:
    target = cache / suite
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache):
        if not target.is_dir():  # another process may have been first
            say(f"motelink: fetching 32-bit MicroPython ({suite}, once, 20 MB) to {target}")
            shown = say is _to_stderr  # another shows it in its own way
            with new_folder(target) as folder, fetching("fetching", folder, shown=shown):
                _fetch(suite, folder)
                ask(_argv(folder), suite)  # what cannot run here is not kept


def _argv(folder: Path) -> tuple[str, ...]:
    libraries = folder / _LIBRARY_FOLDER
    loader = libraries / "ld-linux.so.2"
    return (str(loader), "--library-path", str(libraries), str(folder / _BINARY))


def ask(argv: tuple[str, ...], suite: str) -> Interpreter:
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
def locked(cache: Path) -> Iterator[None]:
    """One process at a time fills the cache; the others wait and find it filled."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` in one step, or vanishes on an error."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # a fetch that was killed
    partial.mkdir()
    try:
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fetch(suite: str, folder: Path) -> None:
    """Download the packages and unpack them into ``folder``."""
    work = folder / "apt"
    apt = PrivateApt(work, [suite, _LIBRARY_SUITE], what=_WHAT)
    libraries = (f"{name}/{_LIBRARY_SUITE}" for name in _LIBRARIES)
    private_apt.unpack(apt.download(f"micropython/{suite}", *libraries), folder)
    shutil.rmtree(work)


def _make_valgrind_accept(path: Path) -> None:
    if path.is_symlink():
        return
    code = path.read_bytes()
    for refused in _VALGRIND_REFUSES:
        code = code.replace(refused, b"\x90" + refused[1:])
    path.write_bytes(code)
