"""A MicroPython with this library in its firmware: the unix port, 32-bit, built from Debian's
source with a freeze manifest. For measuring what freezing saves; a board needs its own port's
build, as docs/freezing.md says."""

import os
import shutil
import subprocess
from pathlib import Path

from motelink_tools import micropython, paths, private_apt
from motelink_tools.errors import ToolError
from motelink_tools.micropython import Interpreter, Say
from motelink_tools.private_apt import PrivateApt

_WHAT = "MicroPython's source"
# These link with the libraries of any later suite, which newer ones do not with an older.
_LIBRARY_SUITE = "bookworm"
_TLS = ("libmbedtls-dev", "libmbedcrypto7", "libmbedtls14", "libmbedx509-1")
_OPTIONS = (
    "MICROPY_FORCE_32BIT=1",
    "MICROPY_SSL_AXTLS=0",
    "MICROPY_SSL_MBEDTLS=1",
    "MICROPY_PY_BTREE=0",  # the source comes without the library for it,
    "MICROPY_PY_FFI=0",  # and this machine may have none of that for 32 bits
)
_BUILD_TIMEOUT_S = 900
_PROGRAM = "int main(void) { return 0; }\n"


def build(manifest: Path, folder: Path, *, say: Say) -> Interpreter:
    """Build it into ``folder``, with what ``manifest`` freezes; takes half a minute, the first
    time longer.

    Raises ToolError ``no_checkout`` where there is no such manifest, ``no_compiler`` where gcc
    cannot build for 32 bits, ``build``, and those of `PrivateApt`.
    """
    if not manifest.is_file():
        raise ToolError(f"{manifest.name} is in a checkout of motelink", kind="no_checkout")
    _require_tools()
    source = _source(say)
    libraries = source / "libraries" / "usr"
    say("building MicroPython with the library frozen in")
    _make(
        source / "micropython" / "ports" / "unix",
        f"BUILD={folder}",
        f"FROZEN_MANIFEST={manifest}",
        *_OPTIONS,
        # gcc has this type for i386 with SSE only
        f"CFLAGS_EXTRA=-DMICROPY_FLOAT_USE_NATIVE_FLT16=0 -isystem {libraries}/include",
        f"LDFLAGS_EXTRA=-L{libraries}/lib/i386-linux-gnu",
    )
    return micropython.ask((str(folder / "micropython"),), "frozen")


def _require_tools() -> None:
    missing = [tool for tool in ("gcc", "make", "dpkg-source") if shutil.which(tool) is None]
    if not missing:
        probe = ["gcc", "-m32", "-x", "c", "-", "-o", os.devnull]
        done = subprocess.run(probe, input=_PROGRAM, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
    raise ToolError(
        "building MicroPython needs a C compiler for 32 bits: "
        "apt install build-essential gcc-multilib",
        kind="no_compiler",
    )


def _source(say: Say) -> Path:
    """MicroPython's source with mpy-cross built, and its TLS library, in the cache."""
    target = paths.cache_folder() / "micropython" / "source"
    target.parent.mkdir(parents=True, exist_ok=True)
    with micropython.locked(target.parent):
        if not target.is_dir():
            say("fetching MicroPython's source (once, 8 MB)")
            with micropython.new_folder(target) as folder:
                _fetch(folder)
                say("building mpy-cross (once)")
                _make(folder / "micropython" / "mpy-cross")
    return target


def _fetch(folder: Path) -> None:
    apt = PrivateApt(folder / "apt-source", [micropython.SUITE], what=_WHAT)
    apt.source("micropython").rename(folder / "micropython")
    libraries = PrivateApt(folder / "apt", [_LIBRARY_SUITE], what="a TLS library for it")
    private_apt.unpack(libraries.download(*_TLS), folder / "libraries")
    for shared in (folder / "libraries").rglob("*.so*"):
        shared.unlink()  # what is linked with the static ones runs without them
    shutil.rmtree(folder / "apt-source")
    shutil.rmtree(folder / "apt")


def _make(folder: Path, *arguments: str) -> None:
    command = ["make", "-C", str(folder), f"-j{os.cpu_count() or 1}", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_BUILD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(
            f"make took more than {_BUILD_TIMEOUT_S} s in {folder}", kind="build"
        ) from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "rror" in line] or ["make failed"]
        raise ToolError(f"MicroPython cannot be built: {lines[0]}", kind="build")
