"""Firmware for ESP32 chips: a .bin file, written by esptool in a process of its own.

The file begins with the boot loader's image, whose header names the chip; the partition table lies
at 0x8000 of the flash. Where the boot loader belongs is esptool's knowledge.
"""

import importlib.util
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motelink_tools.errors import ToolError

_IMAGE_MAGIC = 0xE9
_CHIP_AT = 12
_PARTITIONS_AT = 0x8000
_PARTITION_MAGIC = b"\xaa\x50"
_BAUD = 460800


@dataclass(frozen=True)
class Image:
    """A whole firmware; ``chip`` as esptool calls it, ``offset`` where it goes in flash."""

    path: Path
    chip: str
    offset: int


def image(firmware: Path) -> Image:
    """What the file is. Raises ToolError ``no_esptool``; ``bad_firmware`` for other files, and for
    an application without boot loader and partition table."""
    chips = _chips()
    with firmware.open("rb") as file:
        data = file.read(_PARTITIONS_AT + len(_PARTITION_MAGIC))
    if len(data) < _CHIP_AT + 2 or data[0] != _IMAGE_MAGIC:
        raise _bad(firmware, "it does not begin as a boot loader does")
    (number,) = struct.unpack_from("<H", data, _CHIP_AT)
    for name, chip in chips.items():
        if getattr(chip, "IMAGE_CHIP_ID", None) == number:
            offset = int(chip.BOOTLOADER_FLASH_OFFSET)
            at = _PARTITIONS_AT - offset
            if data[at : at + len(_PARTITION_MAGIC)] != _PARTITION_MAGIC:
                raise _bad(firmware, "it has no partition table; is it an application alone?")
            return Image(firmware, name, offset)
    raise _bad(firmware, f"chip {number} is not known to esptool; a newer one may know it")


def command(found: Image, port: str, *, erase: bool) -> list[str]:
    """The command line of esptool."""
    options = ["--erase-all"] if erase else []
    return [
        *(sys.executable, "-m", "esptool", "--chip", found.chip),
        *("--port", port, "--baud", str(_BAUD)),
        *("write-flash", *options, hex(found.offset), str(found.path)),
    ]


def write(found: Image, port: str, *, erase: bool, quiet: bool) -> None:
    """Write and verify it; the board restarts. esptool shows its own progress, unless ``quiet``.
    Raises ToolError ``esptool``."""
    pipe = subprocess.PIPE if quiet else None
    done = subprocess.run(
        command(found, port, erase=erase), stdout=pipe, stderr=pipe, text=True, check=False
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}" if quiet else ""
        fatal = re.search(r"fatal error occurred: *(.+)", said)
        why = fatal[1] if fatal else " ".join(said.split()[-40:]) or "its message is above"
        raise ToolError(f"esptool could not write the firmware: {why}", kind="esptool")


def _chips() -> dict[str, Any]:
    if importlib.util.find_spec("esptool") is None:
        raise ToolError(
            "firmware for an ESP32 needs esptool; 'pip install \"motelink[esptool]\"'",
            kind="no_esptool",
        )
    import esptool  # type: ignore[import-untyped]

    return dict(esptool.CHIP_DEFS)


def _bad(firmware: Path, why: str) -> ToolError:
    return ToolError(f"{firmware} is no firmware for an ESP32: {why}", kind="bad_firmware")
