"""Which modules a program needs: only its own platform, and all of it."""

import ast
from collections.abc import Collection
from pathlib import Path

import pytest

from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.needs import imports, needs
from motelink_tools.flash.sources import library_modules

PLATFORMS = ["commute", "iottalk", "losant", "manager", "sepl"]


def names(
    *roots: str | Path, runtime: str = "micropython", platforms: Collection[str] | None = None
) -> set[str]:
    return {path.stem for path in needs(roots, runtime, platforms=platforms)}


def families(found: set[str]) -> set[str]:
    """The upper floors' families among these modules."""
    return {name.partition("_")[0] for name in found} & {*PLATFORMS, "node"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platform_comes_without_the_others(platform: str) -> None:
    found = names(f"motelink.{platform}")
    assert {"__init__", platform, "link", "stream", "_port_micropython"} <= found
    assert families(found) == {platform}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_node_comes_with_the_platforms_that_it_joins(platform: str) -> None:
    found = names("motelink.node", platforms=[platform])
    assert {"node_clock", "node_report", "node_wifi"} <= found
    assert families(found) == {platform, "node"}
    assert {name for name in found if name[5:] in PLATFORMS} == {f"node_{platform}"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_node_comes_with_the_outbox_of_its_platform(platform: str) -> None:
    found = names("motelink.node", platforms=[platform])
    assert {"node_outbox", f"node_outbox_{platform}", f"{platform}_outbox", "outbox"} <= found
    assert {name[12:] for name in found if name[12:] in PLATFORMS} == {platform}


def test_a_node_of_unknown_settings_comes_with_all() -> None:
    found = names("motelink.node")
    assert {f"node_{platform}" for platform in PLATFORMS} <= found
    assert families(found) == {*PLATFORMS, "node"}


@pytest.mark.parametrize("runtime", ["micropython", "circuitpython", "cpython"])
def test_rooms_are_those_of_the_runtime(runtime: str) -> None:
    found = names("motelink.losant_state", "motelink.outbox", runtime=runtime)
    ports = {name for name in found if name.startswith("_port")}
    rooms = ("", "_files", "_json", "_more", "_time")
    assert ports == {f"_port_{runtime}{room}" for room in rooms}


def test_everything_is_needed_by_something() -> None:
    modules = [f"motelink.{file.stem}" for file in library_modules() if file.stem[0] != "_"]
    assert needs(modules) == library_modules()


def test_a_program_may_import_in_any_way(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(
        "import motelink.backoff\n"
        "from motelink import __version__, log\n"
        "from motelink.losant_state import State\n"
        "import motelinks.other, os\n"
        "from . import near\n"
        "def late():\n"
        "    from motelink import outbox\n"
        "    import motelink.utf8 as text\n"
    )
    assert imports(program) == [
        "motelink",
        *(f"motelink.{name}" for name in ("backoff", "log", "losant_state", "outbox", "utf8")),
    ]
    assert {"backoff", "utf8", "losant_state", "losant_time", "outbox"} <= names(program)


def test_a_module_that_there_is_not(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text("from motelink import losnat\n")
    with pytest.raises(ToolError, match=r"no module motelink\.losnat"):
        needs([program])


def test_a_program_that_does_not_compile(tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text("def\n")
    with pytest.raises(ToolError, match=r"app\.py does not compile"):
        needs([program])


def test_what_the_library_loads_by_name_is_understood() -> None:
    """A new way to load by name is either read by `needs` or named here, with a reason."""
    loaders = {"__import__", "port.load", "load"}
    known = {
        "port.py: __import__(name, None, None, '*')",  # load() itself; its calls are read
        "node_guard.py: __import__(name)",  # the user's app.py
        "port.py: load('_more')",
        "port.py: load('')",
    }
    for file in library_modules():
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in loaders:
                call = ast.unparse(node)
                understood = call.startswith(("__import__('motelink.", "port.load('_"))
                assert understood or f"{file.name}: {call}" in known


def test_the_firmware_starts_with_it() -> None:
    root = paths.board_root()
    found = names(root / "boot.py", root / "main.py", root / "app.py", platforms=["losant"])
    assert {"node_guard", "node_guard_safe", "node_crash", "node", "node_losant"} <= found
    assert "node_sepl" not in found
