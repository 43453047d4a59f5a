"""Figures in the documentation: replaced where they are marked, and only there."""

import json
from pathlib import Path

import pytest

from motelink_tools import paths
from motelink_tools.bench.pages import marked, shown, write
from motelink_tools.bench.registry import every
from motelink_tools.cli import main
from motelink_tools.errors import ToolError

PAGE = """\
# Memory
| heap | <!-- mqtt.connected.heap_bytes -->1<!-- / --> and
<!-- mqtt.min_heap_kib --><!-- / --> KiB |
<!-- not run: 7 -->
| other | <!-- never.measured -->77<!-- / --> | 1 |
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "deeper").mkdir()
    page = tmp_path / "deeper" / "memory.md"
    page.write_text(PAGE)
    return page


def test_marked_figures_are_replaced(page: Path) -> None:
    figures = {"mqtt.connected.heap_bytes": 24_591.0, "mqtt.min_heap_kib": 33, "other": 5}
    assert write(figures, page.parents[1]) == {page: 2}
    assert page.read_text() == PAGE.replace("-->1<", "-->24,600<").replace("--><", "-->33<")
    assert write(figures, page.parents[1]) == {}


def test_what_was_not_measured_stays(page: Path) -> None:
    assert write({}, page.parents[1]) == {}
    assert page.read_text() == PAGE


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (33.0, "33"), (999, "999"), (1000, "1,000"), (24_591, "24,600"), (0.2512, "0.251")],
)
def test_numbers_are_as_people_read_them(value: float, text: str) -> None:
    assert shown(value) == text


def test_a_command_writes_what_a_file_has(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "docs").mkdir()
    page.rename(tmp_path / "docs" / "memory.md")
    monkeypatch.setattr(paths, "board_root", lambda: tmp_path)
    (tmp_path / "figures.json").write_text(json.dumps({"mqtt.min_heap_kib": 40}))
    assert main(["bench", "--write-docs", str(tmp_path / "figures.json")]) == 0
    assert "memory.md: 1 figure" in capsys.readouterr().out
    assert "-->40<" in (tmp_path / "docs" / "memory.md").read_text()


@pytest.mark.parametrize("text", ['{"a.b": 1', "[1]", "\xff"])
def test_a_file_that_has_no_figures(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cut.json").write_bytes(text.encode("latin-1"))
    assert main(["bench", "--write-docs", str(tmp_path / "cut.json")]) == 1
    assert "cut.json" in capsys.readouterr().err


def test_without_a_checkout_there_are_no_pages(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="checkout"):
        write({}, tmp_path / "docs")


def test_the_pages_mark_figures_of_tables_that_there_are() -> None:
    docs = paths.board_root() / "docs"
    keys = {key for page in docs.rglob("*.md") for key in marked(page.read_text("utf-8"))}
    assert len(keys) >= 20
    families = {benchmark.name.split(".")[0] for benchmark in every()} | {"umqtt", "module"}
    assert {key.split(".")[0] for key in keys} <= families
