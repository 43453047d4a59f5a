"""MicroPython itself, onto a chip: .bin through esptool, .uf2 by the drive of the boot loader."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from motelink_tools.errors import ToolError
from motelink_tools.flash import esp, uf2
from motelink_tools.serial_ports import find_port
from motelink_tools.transport import connect

_WAIT_S = 60.0  # for a person who looks for the button
_RESTART_S = 30.0
_LOOK_S = 0.25

Found = TypeVar("Found")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """``drive``: the boot loader's folder, else it is looked for. ``erase``: files, too, on an
    ESP32. ``quiet``: esptool says nothing."""

    firmware: Path
    port: str | None = None
    drive: Path | None = None
    erase: bool = False
    quiet: bool = False
    wait_s: float = _WAIT_S


def flash_firmware(
    options: Options, say: Say, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> dict[str, Any]:
    """Write it; what was done, for `--json`. Raises ToolError. The board's files stay, unless
    ``erase``, or the new firmware divides the flash in another way."""
    suffix = options.firmware.suffix.lower()
    if suffix == ".bin":
        found = esp.image(options.firmware)
        port = find_port(options.port)
        say(f"writing {options.firmware.name} for {found.chip} to {port}")
        esp.write(found, port, erase=options.erase, quiet=options.quiet)
        return {"ok": True, "chip": found.chip, "port": port, "firmware": str(options.firmware)}
    if suffix == ".uf2":
        if options.erase:
            raise ToolError("--erase is for an ESP32", kind="usage", code=2)
        return _by_drive(options, say, progress)
    raise ToolError(
        f"{options.firmware}: expected a .bin for an ESP32, or a .uf2 for a Pico",
        kind="bad_firmware",
    )


def _by_drive(options: Options, say: Say, progress: Callable[[int, int], None]) -> dict[str, Any]:
    chip = uf2.chip_of(options.firmware)
    drive = _drive(options.drive, chip)
    if drive is None:
        _into_boot_loader(options.port, say)
        say(f"waiting for the drive of an {chip}: hold BOOTSEL while you plug the board in")
        drive = _wait(lambda: _drive(options.drive, chip), options.wait_s)
    if drive is None:
        raise ToolError(
            f"no drive of an {chip} came within {options.wait_s:g} s; is it mounted? --drive "
            "names its folder",
            kind="no_drive",
        )
    say(f"copying {options.firmware.name} to {drive.path}")
    count = uf2.copy(options.firmware, drive, progress)
    if _wait(lambda: uf2.drive_at(drive.path) is None, _RESTART_S) is None:
        raise ToolError(
            f"{drive.path} is still there: the chip has not taken the firmware", kind="not_taken"
        )
    return {
        "ok": True,
        "chip": chip,
        "drive": str(drive.path),
        "bytes": count,
        "firmware": str(options.firmware),
    }


def _drive(wanted: Path | None, chip: str) -> uf2.Drive | None:
    """The one boot loader for this chip. Raises ToolError ``several_boards``, ``other_board``."""
    if wanted is not None:
        found = [drive] if (drive := uf2.drive_at(wanted)) else []
    else:
        found = uf2.drives()
    fitting = [drive for drive in found if drive.chip == chip]
    if len(fitting) > 1:
        names = ", ".join(str(drive.path) for drive in fitting)
        raise ToolError(f"several boot loaders: {names}; choose by --drive", kind="several_boards")
    if found and not fitting:
        raise ToolError(
            f"{found[0].path} is an {found[0].chip}, and the firmware is for an {chip}",
            kind="other_board",
        )
    return fitting[0] if fitting else None


def _into_boot_loader(wanted: str | None, say: Say) -> None:
    """A board that runs MicroPython needs nobody to press its button."""
    with suppress(ToolError):
        port = find_port(wanted)
        with connect(port, reset=False) as link:
            if "rp2" in link.exec("import os; print(os.uname().machine)").lower():
                say(f"sending {port} to its boot loader")
                link.bootloader()


def _wait(look: Callable[[], Found], seconds: float) -> Found | None:
    """The first thing that is found, or None."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK_S)
    return found
