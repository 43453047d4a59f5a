"""The whole of a flash against a board that can be cut off at any step."""

import contextlib
import io
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from motelink_tools import cli
from motelink_tools.errors import ToolError
from motelink_tools.flash import Options, Plan, Remote, Source, Summary, apply, build, flash, plan
from motelink_tools.flash.planning import Change, File
from motelink_tools.flash.remote import TEMP
from motelink_tools.flash.report import View

from .flash_fake import BLOCK, FakeBoard


@pytest.fixture
def board(tmp_path: Path) -> FakeBoard:
    root = tmp_path / "board"
    root.mkdir()
    return FakeBoard(root)


class Project:
    """A user's files, and their flash to a fake board."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.folder / f"{name}.py").write_text(text)

    def sources(self) -> list[Source]:
        names = {"main": "main.py", "app": "lib/pkg/app.py", "table": "lib/pkg/table.py"}
        return [
            Source(self.folder / f"{stem}.py", dest)
            for stem, dest in names.items()
            if (self.folder / f"{stem}.py").exists()
        ]

    def plan(self, board: FakeBoard, **options: Any) -> tuple[Plan, Remote]:
        remote = Remote(board)
        return plan(build(self.sources(), remote.about, **options), remote), remote

    def flash(self, board: FakeBoard, **options: Any) -> Summary:
        return apply(*self.plan(board, **options))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project")
    made.write(main="import app\n", app="VALUE = 1\n", table=f"TEXT = {'x' * 3000!r}\n")
    return made


def test_a_full_flash_then_nothing_then_one_file(board: FakeBoard, project: Project) -> None:
    first = project.flash(board)
    assert set(board.files()) == {"main.py", "lib/pkg/app.mpy", "lib/pkg/table.mpy"}
    assert first.sent[-1] == "main.py"
    assert first.bytes == sum(map(len, board.files().values()))
    before = board.operations
    second = project.flash(board)
    assert (second.sent, second.bytes, len(second.unchanged)) == ((), 0, 3)
    assert board.operations == before
    project.write(app="VALUE = 2\n")
    assert project.flash(board).sent == ("lib/pkg/app.mpy",)


def test_planning_changes_nothing(board: FakeBoard, project: Project) -> None:
    (board.root / f"main.py{TEMP}").write_bytes(b"old leftover")
    todo, _ = project.plan(board)
    assert todo.total > 0
    assert todo.remove == (f"main.py{TEMP}",)
    assert board.operations == 0


def test_progress_ends_at_the_total(board: FakeBoard, project: Project) -> None:
    told: list[tuple[str, int, int]] = []
    todo, remote = project.plan(board)
    apply(todo, remote, progress=lambda *values: told.append(values))
    counts = [sent for _, sent, _ in told]
    assert counts == sorted(counts)
    assert told[-1] == ("main.py", todo.total, todo.total)


@pytest.mark.parametrize(("first", "then"), [(False, True), (True, False)])
def test_the_twin_that_would_hide_the_new_file_goes(
    board: FakeBoard, project: Project, first: bool, then: bool
) -> None:
    project.flash(board, as_source=first)
    summary = project.flash(board, as_source=then)
    old, new = (".py", ".mpy") if first else (".mpy", ".py")
    assert set(board.files()) == {"main.py", f"lib/pkg/app{new}", f"lib/pkg/table{new}"}
    assert set(summary.removed) == {f"lib/pkg/app{old}", f"lib/pkg/table{old}"}


def test_a_stale_twin_of_an_unchanged_file_goes(board: FakeBoard, project: Project) -> None:
    project.flash(board)
    (board.root / "lib/pkg/app.py").write_text("VALUE = 'stale'\n")
    summary = project.flash(board)
    assert summary.removed == ("lib/pkg/app.py",)
    assert summary.sent == ()
    assert "lib/pkg/app.py" not in board.files()


def effective(files: dict[str, bytes]) -> dict[str, bytes | None]:
    """What ``import`` and the boot would read: .py before .mpy."""
    return {
        name: files.get(f"{name}.py", files.get(f"{name}.mpy"))
        for name in ("main", "lib/pkg/app", "lib/pkg/table")
    }


@pytest.mark.parametrize("as_source_before", [False, True])
@pytest.mark.parametrize("capacity", [1 << 20, 24 * BLOCK])  # one batch, and several
def test_power_cut_at_every_step_leaves_old_or_new(
    tmp_path: Path, project: Project, as_source_before: bool, capacity: int
) -> None:
    def prepared(name: str) -> FakeBoard:
        made = FakeBoard(tmp_path / name, capacity=capacity)
        made.root.mkdir()
        project.write(main="import app\n", app="VALUE = 1\n", table=f"TEXT = {'x' * 3000!r}\n")
        project.flash(made, as_source=as_source_before)
        project.write(
            main="import app, table\n", app="VALUE = 2\n", table=f"TEXT = {'y' * 2990!r}\n"
        )
        made.operations = 0
        return made

    whole = prepared("whole")
    old = effective(whole.files())
    project.flash(whole)
    new = effective(whole.files())
    assert all(old[name] != new[name] for name in old)
    for cut in range(whole.operations):
        board = prepared(f"cut{cut}")
        board.cut_at = cut
        with pytest.raises(ToolError, match="cut off"):
            project.flash(board)
        left = effective(board.files())
        assert all(left[name] in (old[name], new[name]) for name in left), cut
        if left["main"] == new["main"]:
            assert left == new, "main.py went before the library"
        board.restart()
        project.flash(board)
        assert board.files() == whole.files(), cut


def test_power_cut_on_a_file_system_that_does_not_replace(
    tmp_path: Path, project: Project
) -> None:
    """There the new file may wait under its temporary name; it is complete, and is repaired."""
    for cut in range(40):
        board = FakeBoard(tmp_path / f"cut{cut}", replaces=False)
        board.root.mkdir()
        project.write(app="VALUE = 1\n")
        project.flash(board)
        project.write(app="VALUE = 2\n")
        board.operations, board.cut_at = 0, cut
        finished = False
        with contextlib.suppress(ToolError):
            project.flash(board)
            finished = True
        waiting = set(board.files()) - {"main.py", "lib/pkg/app.mpy", "lib/pkg/table.mpy"}
        assert len(waiting) <= 1
        if "lib/pkg/app.mpy" not in board.files():
            assert waiting == {f"lib/pkg/app.mpy{TEMP}"}
        board.restart()
        project.flash(board)
        assert set(board.files()) == {"main.py", "lib/pkg/app.mpy", "lib/pkg/table.mpy"}
        if finished:
            return
    pytest.fail("the flash never got through")


def test_too_little_room_is_said_before_anything_is_written(
    board: FakeBoard, project: Project
) -> None:
    board.capacity = 8 * BLOCK
    with pytest.raises(
        ToolError, match=r"file system is too full: lib/pkg/table\.mpy needs"
    ) as info:
        project.flash(board)
    assert info.value.kind == "full"
    assert board.operations == 0


def test_a_file_system_that_fills_up_on_the_way_keeps_the_old_files(
    board: FakeBoard, project: Project
) -> None:
    project.flash(board)
    before = board.files()
    project.write(app="VALUE = 2\n", table=f"TEXT = {'y' * 3000!r}\n")
    todo, remote = project.plan(board)
    board.capacity = board.used() + 2 * BLOCK
    with pytest.raises(ToolError) as info:
        apply(todo, remote)
    assert info.value.kind == "full"
    assert board.files() == before


def test_bytes_damaged_on_the_way_are_noticed(board: FakeBoard, project: Project) -> None:
    project.flash(board)
    before = board.files()
    project.write(app="VALUE = 2\n")
    todo, remote = project.plan(board)
    decode = board.namespace["binascii"]
    board.namespace["binascii"] = types.SimpleNamespace(
        hexlify=decode.hexlify, a2b_base64=lambda text: decode.a2b_base64(text)[::-1]
    )
    with pytest.raises(ToolError, match="arrived damaged") as info:
        apply(todo, remote)
    assert info.value.kind == "damaged"
    assert board.files() == before


def test_bytes_damaged_in_flash_are_noticed(board: FakeBoard, project: Project) -> None:
    todo, remote = project.plan(board)
    open_there = board.namespace["__builtins__"]["open"]

    def worn_out(path: str, mode: str) -> Any:
        return io.BytesIO(b"other bytes") if mode == "rb" else open_there(path, mode)

    board.namespace["__builtins__"]["open"] = worn_out
    with pytest.raises(ToolError, match="arrived damaged"):
        apply(todo, remote)
    assert board.files() == {}


def test_a_folder_in_the_way_is_said(board: FakeBoard, project: Project) -> None:
    (board.root / "main.py").mkdir()
    with pytest.raises(ToolError, match=r"main\.py is a folder on the board"):
        project.flash(board)


def test_another_python_is_refused(board: FakeBoard, project: Project) -> None:
    board.name = "circuitpython"
    with pytest.raises(ToolError, match=r"runs circuitpython 1\.25\.0, not MicroPython") as info:
        project.flash(board)
    assert info.value.kind == "not_micropython"


def test_a_board_of_another_mpy_version_is_refused(board: FakeBoard, project: Project) -> None:
    board.word = 0x005
    with pytest.raises(
        ToolError, match=r"loads mpy v5\.0 and mpy-cross emits v6.*--source"
    ) as info:
        project.flash(board)
    assert info.value.kind == "wrong_version"
    assert project.flash(board, as_source=True).sent[-1] == "main.py"


def test_the_helper_is_python_that_micropython_compiles(tmp_path: Path) -> None:
    """CPython would let through what MicroPython does not have, so its own compiler is asked."""
    from motelink_tools.flash import remote
    from motelink_tools.flash.mpy import Abi, MpyCross

    agent = Path(sys.modules[remote.__name__].__file__ or "").with_name("on_board.py")
    (compiled,) = MpyCross.find().compile([(agent, "on_board.py")], Abi(6, 3, 0))
    assert len(compiled) < 2048


@pytest.mark.parametrize("arguments", ["app.py", "--dry-run", "--source", "--no-reset"])
def test_what_firmware_would_leave_out_is_refused(
    arguments: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run must not write, and nothing be left out without a word."""
    firmware = tmp_path / "x.uf2"
    assert cli.main(["flash", "--firmware", str(firmware), arguments]) == 2
    assert "does not go with --firmware" in capsys.readouterr().err


def test_erasing_needs_firmware(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flash", "--erase"]) == 2
    assert "--erase needs --firmware" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("app.py", "def run(:\n", "bad_source"), ("settings.toml", "a = b\n", "bad_settings")],
)
def test_a_wrong_line_is_told_before_the_board_is_looked_for(
    name: str, text: str, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text("")
    (tmp_path / name).write_text(text)
    with pytest.raises(ToolError) as info:
        flash(Options(port=str(tmp_path / "no port"), project=tmp_path))
    assert info.value.kind == kind


def test_no_file_s_name_is_read_as_markup() -> None:
    screen = io.StringIO()
    todo = Plan(((Change(File("[/b].txt", b"x"), None, 1, 0),),), (), ())
    with View(Console(file=screen, force_terminal=True), dry_run=False).live() as view:
        view.planned(todo)
        view.progress("[/b].txt", 1, 1)
    assert "connecting to the board" in screen.getvalue()
    assert "[/b].txt" in screen.getvalue()
