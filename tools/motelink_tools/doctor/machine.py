"""What is checked of this machine: what the tools stand on, and how to reach boards."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from motelink_tools import micropython
from motelink_tools.doctor.findings import Finding, note, ok, wrong
from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import MpyCross
from motelink_tools.serial_ports import serial_ports

_OLDEST_PYTHON = (3, 11)
_GROUPS = ("dialout", "uucp", "plugdev")


def host() -> Iterator[Finding]:
    """Everything of it, in a second or two; nothing is fetched."""
    yield _python()
    yield _package("mpremote")
    yield _found("mpy-cross", lambda: "emits mpy v{}.{}".format(*MpyCross.find().emits))
    yield _micropython()
    yield _mosquitto()
    yield from _ports()
    yield hub()


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return wrong("python", f"Python {version} is too old", "install 3.11 or later")
    return ok("python", f"Python {version}")


def _package(name: str) -> Finding:
    try:
        return ok(name, f"{name} {metadata.version(name)}")
    except metadata.PackageNotFoundError:
        return wrong(name, f"{name} is not installed", f"pip install {name}")


def _found(check: str, look: Callable[[], str]) -> Finding:
    try:
        return ok(check, look())
    except ToolError as error:
        return wrong(check, str(error), f"pip install {check}")


def _micropython() -> Finding:
    check = "micropython"
    try:
        found = micropython.find(fetch=False, say=lambda _: None)
    except ToolError:
        do = "motelink micropython fetches it; only virtual boards and measurements need it"
        return note(check, "no MicroPython for this machine", do)
    says = f"MicroPython {found.release}, {found.bits}-bit ({found.suite})"
    if found.bits != 32:
        return note(check, says, "memory figures need the 32-bit one: motelink micropython")
    return ok(check, says)


def _mosquitto() -> Finding:
    from motelink_tools.hub.broker import programs

    found = programs.installed()
    if found is None:
        do = "install mosquitto; on Debian the hub fetches it when it first starts"
        return note("mosquitto", "mosquitto is not installed", do)
    return ok("mosquitto", str(found.broker))


def _ports() -> Iterator[Finding]:
    found = serial_ports()
    if not found:
        yield note("ports", "no board on a serial port", "motelink board starts a virtual one")
    for port, maker in found:
        if os.name == "posix" and not os.access(port, os.R_OK | os.W_OK):
            yield wrong("ports", f"no permission to open {port} ({maker})", _permission(port))
        else:
            yield ok("ports", f"{port} ({maker})")
    if sys.platform == "linux" and not _is_in_serial_group():
        do = f"sudo usermod -aG {_serial_group()} $USER, and log in anew"
        yield note("serial", "you are in no group that may open serial ports", do)


def _permission(port: str) -> str:
    import grp

    try:
        group = grp.getgrgid(Path(port).stat().st_gid).gr_name
    except (KeyError, OSError):
        group = _serial_group()
    return f"sudo usermod -aG {group} $USER, and log in anew"


def _serial_group() -> str:
    import grp

    there = {group.gr_name for group in grp.getgrall()}
    return next((name for name in _GROUPS if name in there), _GROUPS[0])


def _is_in_serial_group() -> bool:
    import grp

    if os.geteuid() == 0:
        return True
    mine = {*os.getgroups(), os.getegid()}
    return any(group.gr_gid in mine for group in grp.getgrall() if group.gr_name in _GROUPS)


def hub() -> Finding:
    """Whether a hub serves this user."""
    from motelink_tools.hub.app.folder import Folder
    from motelink_tools.hub.app.settings import DEFAULT_FOLDER

    running = Folder(DEFAULT_FOLDER.expanduser()).running()
    if running is None:
        return note(
            "hub", f"no hub serves {DEFAULT_FOLDER}", "motelink hub starts one, where wanted"
        )
    return ok("hub", f"a hub serves {DEFAULT_FOLDER} (process {running.pid})")
