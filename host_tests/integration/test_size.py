"""``motelink size`` at a project whose costs are known."""

import json
from pathlib import Path

import pytest

from motelink_tools import cli
from motelink_tools.errors import ToolError
from motelink_tools.size import measure

BIG = 5000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(
        "import big\nimport network\nimport a_broken\nfrom motelink import utf8\n"
        "def run():\n    import later\n"
    )
    (tmp_path / "big.py").write_text(f"DATA = bytearray({BIG})\n")
    (tmp_path / "later.py").write_text("import big\nNAMES = ['n%d' % n for n in range(50)]\n")
    (tmp_path / "a_broken.py").write_text("import there_is_no_such_module\n")
    (tmp_path / "settings.toml").write_text('manager_host = "127.0.0.1"\n')
    (tmp_path / "main.py").write_text("while True:\n    pass\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project(project: Path) -> None:
    (project / "a_broken.py").write_text("")
    parts = {part.dest: part for part in measure(project, runs=1).parts}
    big, later, app = parts["big.mpy"], parts["later.mpy"], parts["app.mpy"]
    assert big.heap is not None
    assert BIG < big.heap < BIG + 600
    # Who imports it is not charged for it, nor for the library.
    assert later.heap is not None
    assert 50 * 16 < later.heap < BIG
    assert app.heap is not None
    assert app.heap < 600
    assert big.flash < 200
    assert (parts["settings.toml"].flash, parts["settings.toml"].heap) == (27, None)
    assert parts["main.py"].heap is None
    assert {"lib/motelink/utf8.mpy", "board.mpy"} <= parts.keys()
    assert "lib/motelink/losant.mpy" not in parts
    assert parts["lib/motelink/utf8.mpy"].group == "base"


def test_names_cost_the_same_whoever_adds_the_one_too_many(project: Path) -> None:
    (project / "a_broken.py").write_text("import n0, n1, n2, n3\n")
    for number in range(4):
        names = [f"name_{number}_{n}" for n in range(200)]
        (project / f"n{number}.py").write_text(
            f"def f(x):\n    return {' + '.join(f'x.{n}' for n in names)}\n"
        )
    heaps = [
        p.heap for p in measure(project, runs=1).parts if p.module in ("n0", "n1", "n2", "n3")
    ]
    assert len(heaps) == 4
    assert max(h or 0 for h in heaps) < 1.1 * min(h or 0 for h in heaps), heaps


def test_a_module_that_cannot_be_loaded_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["size", "--json", "--html", "size.html"]) == 0
    said = json.loads(capsys.readouterr().out)
    parts = {part["file"]: part for part in said["parts"]}
    assert "there_is_no_such_module" in parts["a_broken.mpy"]["trouble"]
    assert parts["app.mpy"]["heap_bytes"] is None
    assert said["heap_bytes"] == sum(part["heap_bytes"] or 0 for part in said["parts"])
    assert said["flash_bytes"] == sum(part["flash_bytes"] for part in said["parts"])
    assert said["flash_block_bytes"] % 4096 == 0
    assert f"<td>{BIG // 1000},".encode() in (project / "size.html").read_bytes()


def test_everything_of_motelink_can_be_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["size"]) == 0
    output = capsys.readouterr().out
    assert "motelink.losant_state" in output
    assert "was not loaded" not in output
    assert "\x1b" not in output


def test_a_program_that_starts_when_imported_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("motelink_tools.transport._EXEC_S", 1)
    monkeypatch.setattr("motelink_tools.transport._READ_S", 1)
    (project / "a_broken.py").write_text("import time\nwhile True:\n    time.sleep(1)\n")
    with pytest.raises(ToolError, match="importing a_broken does not return"):
        measure(project, runs=1)


def test_a_program_that_ends_when_imported_is_told(project: Path) -> None:
    (project / "a_broken.py").write_text("import sys\nsys.exit(3)\n")
    parts = {part.dest: part for part in measure(project, runs=1).parts}
    assert parts["a_broken.mpy"].trouble == "RuntimeError: SystemExit"
    assert parts["big.mpy"].heap


def test_a_64_bit_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from motelink_tools import micropython

    found = micropython.find()
    monkeypatch.setattr(micropython, "find", lambda: replace(found, bits=64))
    with pytest.raises(ToolError, match="32-bit"):
        measure()
