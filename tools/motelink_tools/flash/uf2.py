"""Firmware for RP2 chips: a .uf2 file, copied to the drive that their boot loader shows.

A UF2 block is 512 bytes: three magic numbers, flags, an address, a count and the family of chips
that it is for (github.com/microsoft/uf2). INFO_UF2.TXT on the drive says what chip it is.
"""

import os
import re
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from motelink_tools.errors import ToolError

_BLOCK = 512
_HEAD = struct.Struct("<8I")
_MAGIC = (0x0A324655, 0x9E5D5157)
_END = 0x0AB16F30
_HAS_FAMILY = 0x2000
_FAMILIES = {0xE48BFF56: "RP2040", 0xE48BFF59: "RP2350", 0xE48BFF5A: "RP2350"}
_BOARD_IDS = {"RPI-RP2": "RP2040", "RP2350": "RP2350"}
_INFO = "INFO_UF2.TXT"
_CHUNK = 64 << 10


@dataclass(frozen=True)
class Drive:
    """A mounted boot loader, and its chip."""

    path: Path
    chip: str


def chip_of(firmware: Path) -> str:
    """ "RP2040" or "RP2350". Raises ToolError ``bad_firmware`` for a file that is no whole UF2, or
    for other chips."""
    data = firmware.read_bytes()
    if not data or len(data) % _BLOCK:
        raise _bad(firmware, "its size is no multiple of 512 bytes; was it downloaded whole?")
    families = set()
    for at in range(0, len(data), _BLOCK):
        head = _HEAD.unpack_from(data, at)
        (end,) = struct.unpack_from("<I", data, at + _BLOCK - 4)
        if head[:2] != _MAGIC or end != _END:
            raise _bad(firmware, f"block {at // _BLOCK} is no UF2 block")
        if head[2] & _HAS_FAMILY:
            families.add(head[7])
    chips = {_FAMILIES[family] for family in families if family in _FAMILIES}
    if len(chips) != 1:
        raise _bad(firmware, "it is not for RP2040 or RP2350")
    return chips.pop()


def drives() -> list[Drive]:
    """The boot loaders that are mounted now."""
    return [drive for path in _mounted() if (drive := drive_at(path))]


def drive_at(path: Path) -> Drive | None:
    """The boot loader in this folder, if it is one."""
    try:
        info = (path / _INFO).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^Board-ID:\s*(\S+)", info, re.MULTILINE)
    chip = _BOARD_IDS.get(found[1]) if found else None
    return Drive(path, chip) if chip else None


def copy(firmware: Path, drive: Drive, progress: Callable[[int, int], None]) -> int:
    """Copy it; the bytes. The chip restarts at the last one, so an error behind that is none.
    Raises ToolError ``disconnected``."""
    data = firmware.read_bytes()
    done = 0
    try:
        with (drive.path / firmware.name).open("wb", buffering=0) as file:
            while done < len(data):
                done += file.write(data[done : done + _CHUNK]) or 0
                progress(done, len(data))
            os.fsync(file.fileno())
    except OSError as error:
        if done < len(data):
            raise ToolError(
                f"{drive.path} went away after {done:,} of {len(data):,} bytes "
                f"({error.strerror}); plug the board in again with BOOTSEL held",
                kind="disconnected",
            ) from error
    return done


def _mounted() -> Iterator[Path]:
    if sys.platform == "win32":
        yield from (Path(f"{letter}:\\") for letter in "DEFGHIJKLMNOPQRSTUVWXYZ")
    elif sys.platform == "darwin":
        yield from Path("/Volumes").iterdir()
    else:
        for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
            device, folder, *_ = line.split()
            if device.startswith("/dev/"):
                yield Path(folder.encode().decode("unicode_escape"))  # a space is \040


def _bad(firmware: Path, why: str) -> ToolError:
    return ToolError(f"{firmware} is no firmware for a Pico: {why}", kind="bad_firmware")
