"""MicroPython itself: files are checked by the chips' own marks, esptool is the real package, and
a folder plays the drive of an RP2's boot loader."""

import hashlib
import importlib.util
import json
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from motelink_tools import cli
from motelink_tools.errors import ToolError
from motelink_tools.flash import esp, firmware, uf2
from motelink_tools.flash.firmware import Options, flash_firmware

RP2040, RP2350, ELSE = 0xE48BFF56, 0xE48BFF59, 0x12345678


def nothing(_text: str) -> None:
    pass


# --- an ESP32's


def esp_image(chip: int, offset: int) -> bytes:
    """What a release's .bin consists of: boot loader, gap, partition table."""
    segment = b"\0" * 16
    header = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000)
    header += struct.pack("<BBBBHBHH4xB", 0xEE, 0, 0, 0, chip, 0, 0, 0xFFFF, 1)
    body = header + struct.pack("<II", 0x3FFB0000, len(segment)) + segment
    body += b"\0" * (15 - len(body) % 16) + b"\xef"  # a checksum of zeros, at the end of 16 bytes
    body += hashlib.sha256(body).digest()
    return body.ljust(0x8000 - offset, b"\xff") + b"\xaa\x50" + b"\0" * 30


@pytest.mark.parametrize(
    ("chip", "number", "offset"),
    [("esp32", 0, 0x1000), ("esp32s3", 9, 0), ("esp32c3", 5, 0), ("esp32s2", 2, 0x1000)],
)
def test_the_file_says_which_chip_it_is_for(
    tmp_path: Path, chip: str, number: int, offset: int
) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(esp_image(number, offset))
    found = esp.image(path)
    assert found == esp.Image(path, chip, offset)
    command = esp.command(found, "/dev/x", erase=True)
    assert command[-4:] == ["write-flash", "--erase-all", hex(offset), str(path)]
    assert "--erase-all" not in esp.command(found, "/dev/x", erase=False)


def test_esptool_itself_reads_the_file_so(tmp_path: Path) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(esp_image(9, 0))
    done = subprocess.run(
        [sys.executable, "-m", "esptool", "image-info", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "ESP32-S3" in done.stdout
    assert "(valid)" in done.stdout


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "does not begin"),
        (b"\x7fELF" + bytes(100), "does not begin"),
        (esp_image(0, 0x1000)[:1000], "no partition table"),
        (esp_image(4000, 0), "chip 4000 is not known"),
    ],
)
def test_what_is_no_whole_firmware_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(data)
    with pytest.raises(ToolError, match=says) as info:
        flash_firmware(Options(path), nothing)
    assert info.value.kind == "bad_firmware"


def test_what_esptool_says_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(esp_image(0, 0x1000))
    assert cli.main(["flash", "--firmware", str(path), "--port", "/dev/none", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["kind"] == "esptool"
    assert "/dev/none" in said["error"]


def test_without_esptool_the_command_that_installs_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ToolError, match=r'pip install "motelink\[esptool\]"') as info:
        flash_firmware(Options(tmp_path / "x.bin"), nothing)
    assert info.value.kind == "no_esptool"


# --- an RP2's


def uf2_file(*families: int, blocks: int = 40) -> bytes:
    made = b""
    for number in range(blocks):
        family = families[number % len(families)]
        head = (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000, 256, number, blocks, family)
        made += struct.pack("<8I", *head).ljust(508, b"\1") + struct.pack("<I", 0x0AB16F30)
    return made


@pytest.fixture
def uf2_path(tmp_path: Path) -> Path:
    path = tmp_path / "rp2.uf2"
    path.write_bytes(uf2_file(RP2040))
    return path


class BootLoader:
    """A folder that goes when a whole firmware is in it, as the drive does."""

    def __init__(self, path: Path, board_id: str = "RPI-RP2") -> None:
        self.path = path
        self.taken = b""
        path.mkdir()
        self._info = path / "INFO_UF2.TXT"
        self._info.write_text(
            f"UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: {board_id}\n"
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            for file in self.path.glob("*.uf2"):
                data = file.read_bytes()
                if len(data) == 40 * 512:
                    self.taken = data
                    self._info.unlink()
                    return

    def close(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def boot_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BootLoader]:
    made = BootLoader(tmp_path / "drive")
    monkeypatch.setattr(uf2, "_mounted", lambda: iter([tmp_path, made.path]))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("data", "chip"),
    [
        (uf2_file(RP2040), "RP2040"),
        (uf2_file(RP2350, 0xE48BFF57), "RP2350"),  # and a block at an absolute address
    ],
)
def test_the_families_say_which_chip_it_is_for(tmp_path: Path, data: bytes, chip: str) -> None:
    path = tmp_path / "x.uf2"
    path.write_bytes(data)
    assert uf2.chip_of(path) == chip


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no multiple of 512"),
        (uf2_file(RP2040)[:-100], "no multiple of 512"),
        (uf2_file(RP2040)[:-512] + bytes(512), "block 39 is no UF2"),
        (uf2_file(ELSE), "not for RP2040 or RP2350"),
        (uf2_file(RP2040, RP2350), "not for RP2040 or RP2350"),
    ],
)
def test_what_is_no_uf2_for_it_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "x.uf2"
    path.write_bytes(data)
    with pytest.raises(ToolError, match=says) as info:
        uf2.chip_of(path)
    assert info.value.kind == "bad_firmware"


def test_it_is_copied_to_the_drive_which_then_goes(
    uf2_path: Path, boot_loader: BootLoader
) -> None:
    told: list[tuple[int, int]] = []
    done = flash_firmware(Options(uf2_path), nothing, lambda *count: told.append(count))
    assert boot_loader.taken == uf2_path.read_bytes()
    assert (done["chip"], done["bytes"]) == ("RP2040", 40 * 512)
    assert told[-1] == (40 * 512, 40 * 512)


def test_another_chip_is_refused_and_nothing_is_copied(
    tmp_path: Path, boot_loader: BootLoader
) -> None:
    path = tmp_path / "x.uf2"
    path.write_bytes(uf2_file(RP2350))
    with pytest.raises(ToolError, match="is an RP2040, and the firmware is for an RP2350") as info:
        flash_firmware(Options(path), nothing)
    assert info.value.kind == "other_board"
    assert [file.name for file in boot_loader.path.iterdir()] == ["INFO_UF2.TXT"]


def test_it_waits_for_the_drive_and_says_how_to_get_one(
    uf2_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[BootLoader] = []
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "BOOTSEL" in line:
            made.append(BootLoader(tmp_path / "drive"))

    monkeypatch.setattr(uf2, "_mounted", lambda: iter([tmp_path / "drive"]))
    flash_firmware(Options(uf2_path, port="/dev/none"), say)
    assert [line.split()[0] for line in said] == ["waiting", "copying"]
    made[0].close()


def test_a_drive_that_does_not_come_is_told(
    uf2_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uf2, "_mounted", lambda: iter([tmp_path]))
    with pytest.raises(ToolError, match="no drive of an RP2040 came within") as info:
        flash_firmware(Options(uf2_path, port="/dev/none", wait_s=0.1), nothing)
    assert info.value.kind == "no_drive"


def test_a_drive_that_stays_has_not_taken_it(
    uf2_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmware, "_RESTART_S", 0.1)
    (tmp_path / "INFO_UF2.TXT").write_text("Board-ID: RPI-RP2\n")
    (tmp_path / "from").mkdir()
    source = uf2_path.rename(tmp_path / "from" / "rp2.uf2")
    with pytest.raises(ToolError, match="still there") as info:
        flash_firmware(Options(source, drive=tmp_path), nothing)
    assert info.value.kind == "not_taken"


def test_two_drives_are_listed_and_one_can_be_chosen(
    uf2_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = BootLoader(tmp_path / "one"), BootLoader(tmp_path / "two")
    monkeypatch.setattr(uf2, "_mounted", lambda: iter([one.path, two.path]))
    with pytest.raises(ToolError, match=r"one, .*two; choose by --drive"):
        flash_firmware(Options(uf2_path), nothing)
    flash_firmware(Options(uf2_path, drive=two.path), nothing)
    assert (one.taken, two.taken) == (b"", uf2_path.read_bytes())
    for drive in (one, two):
        drive.close()


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"expected a \.bin .* or a \.uf2"):
        flash_firmware(Options(tmp_path / "x.hex"), nothing)


def test_mount_points_are_found_with_spaces_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = "proc /proc proc rw 0 0\n/dev/sda1 /media/my\\040user/RPI-RP2 vfat rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda *_args, **_options: mounts)
    assert list(uf2._mounted()) == [Path("/media/my user/RPI-RP2")]
