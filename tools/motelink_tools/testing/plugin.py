"""The pytest plugin that comes with motelink: the fixture ``board``.

Costs a test run that does not use it two registrations; what it needs is imported on first use.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from motelink_tools.errors import ToolError

if TYPE_CHECKING:
    from motelink_tools.testing.board import Board

_DEFAULT_BOARD = "esp32"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "motelink_firmware",
        "folder that the fixture 'board' copies to the board's flash, relative to the root folder",
        default="",
    )
    parser.addini(
        "motelink_project",
        "folder with an app.py; what 'motelink flash' would send of it is on the board's flash",
        default="",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "board(name, real_time=False): which board the fixture 'board' is, by its folder in "
        "boards/; real_time runs it on the host's clock",
    )


@pytest.fixture
def board(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["Board"]:
    """A fresh fake board (an ESP32, unless ``@pytest.mark.board`` names another) for one test.

    Its flash is the folder ``board.files``, which is the working folder too.
    """
    from motelink_tools.testing.board import Board
    from motelink_tools.testing.clock import Clock

    marker = request.node.get_closest_marker("board")
    arguments = _arguments(*marker.args, **marker.kwargs) if marker else _arguments()
    files = tmp_path / "flash"
    files.mkdir()
    made = Board(arguments[0], files, clock=Clock(real=arguments[1]))
    firmware = request.config.getini("motelink_firmware")
    if firmware:
        made.install(request.config.rootpath / firmware)
    project = request.config.getini("motelink_project")
    if project:
        try:
            _install(made, request.config.rootpath / project)
        except ToolError as error:  # of the project's files: the line tells, no traceback of ours
            made.close()
            pytest.fail(str(error), pytrace=False)
    monkeypatch.chdir(files)
    yield made
    made.close()


def _install(board: "Board", project: Path) -> None:
    """All but the library, which the fake board has in it."""
    from motelink_tools.flash import standard

    for source in standard(board.profile.name, project):
        if not source.dest.startswith("lib/motelink/"):
            target = board.files / source.dest
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.path.read_bytes())


def _arguments(name: str = _DEFAULT_BOARD, real_time: bool = False) -> tuple[str, bool]:
    return name, real_time
