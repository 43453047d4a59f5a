"""Every folder of boards/: its constants, its page, and what its manifest freezes."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from motelink_tools import paths
from motelink_tools.flash.sources import library_modules
from motelink_tools.testing.profile import Profile

ROOT = paths.board_root()
BOARDS = sorted(path.parent.name for path in ROOT.glob("boards/*/board.py"))
NAMES = {"NAME", "MACHINE", "LED", "LED_ON", "HEAP_KIB", "WATCHDOG_MAX_MS", "WIFI_PM"}


class Build:
    """MicroPython's build, as far as a manifest sees it (tools/manifestfile.py): paths are
    relative to the manifest that names them, a file is included once, metadata are given once.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, port: Path) -> None:
        self.frozen: dict[str, Path] = {}
        self.required: list[str] = []
        self._monkeypatch = monkeypatch
        self._port = port
        self._visited: set[Path] = set()
        self._metadata: dict[str, str] = {}

    def include(self, name: str) -> None:
        path = Path(name.replace("$(PORT_DIR)", str(self._port))).resolve()
        if path.is_dir():
            path /= "manifest.py"
        if path in self._visited:
            return
        self._visited.add(path)
        with self._monkeypatch.context() as at:
            at.chdir(path.parent)
            names = ("include", "metadata", "module", "package", "require")
            exec(path.read_text(), {each: getattr(self, each) for each in names})

    def metadata(self, **given: str) -> None:
        assert not self._metadata, "metadata() twice"
        self._metadata = given

    def module(self, name: str, base_path: str = ".", opt: int | None = None) -> None:
        self._freeze(Path(base_path), name)

    def package(self, name: str, files: list[str], base_path: str = ".") -> None:
        for file in files:
            self._freeze(Path(base_path), f"{name}/{file}")

    def require(self, name: str) -> None:
        self.required.append(name)

    def _freeze(self, base: Path, name: str) -> None:
        assert name not in self.frozen
        self.frozen[name] = (base / name).resolve(strict=True)


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """A port of MicroPython with its own manifests."""
    for folder in ("boards", "variants"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "manifest.py").write_text('require("the port\'s own")\n')
    return tmp_path


@pytest.mark.parametrize("board", BOARDS)
def test_its_manifest_freezes_the_library_and_its_constants(
    board: str, port: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = Build(monkeypatch, port)
    build.include(str(ROOT / "boards" / board))
    library = {f"motelink/{path.name}": path.resolve() for path in library_modules()}
    constants = (ROOT / "boards" / board / "board.py").resolve()
    assert build.frozen == {**library, "board.py": constants}
    assert build.required[0] == "the port's own"
    assert ("bundle-networking" in build.required) == board.startswith("rpi_pico")


def test_no_check_of_the_library_is_an_assert_that_a_frozen_build_may_strip() -> None:
    for path in library_modules():
        if path.stem == "mqtt_simple":  # has those of umqtt.simple, of what a program passes
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)], path.name


def test_all_boards_are_there() -> None:
    assert {"esp32", "esp32s3", "esp32c3", "rpi_pico_w", "rpi_pico2_w", "virtual"} <= set(BOARDS)


@pytest.mark.parametrize("board", BOARDS)
def test_its_constants_are_what_boards_have(board: str) -> None:
    constants: dict[str, Any] = Profile.of(board).constants
    assert set(constants) == NAMES
    assert constants["NAME"] == board
    assert constants["WATCHDOG_MAX_MS"] > 0
    if board.startswith("rpi_pico"):
        assert (constants["WATCHDOG_MAX_MS"], constants["WIFI_PM"]) == (8388, 0xA11140)


@pytest.mark.parametrize("board", BOARDS)
def test_its_page_says_what_its_constants_say(board: str) -> None:
    constants = Profile.of(board).constants
    page = (ROOT / "docs" / "boards" / f"{board}.md").read_text(encoding="utf-8")
    assert re.search(rf"heap for Python \|[^|]*\b{constants['HEAP_KIB']} KB", page)
    led = constants["LED"]
    text = {str: f'Pin("{led}")', int: f"GPIO {led} ", type(None): "| LED | none"}[type(led)]
    assert text in page
    assert ("when **low**" in page) == (constants["LED_ON"] == 0)
    if constants["WATCHDOG_MAX_MS"] < 30000:
        assert f"{constants['WATCHDOG_MAX_MS']} ms at most" in page
    if constants["WIFI_PM"]:
        assert f"0x{constants['WIFI_PM']:X}" in page
    assert f"boards/{board}/" in page
