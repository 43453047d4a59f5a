"""A virtual board, its folder, and a project to flash to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, Result, flash

from .firmware import wait_for

# Says that it ran, and with what, in a file: the board's folder is the host's.
MAIN = """\
import app, os
with open("ran.new", "w") as f:
    f.write(app.VALUE)
os.rename("ran.new", "ran.txt")
while True:
    pass
"""


class Bench:
    """A virtual board, its folder, and a user's project to flash to it."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "board"
        self.project = tmp_path / "project"
        self.project.mkdir()
        self.write("main.py", MAIN)
        self.write("app.py", "VALUE = 'first'\n")

    def write(self, name: str, text: str) -> None:
        (self.project / name).write_text(text)

    def options(self, port: str, **options: object) -> Options:
        paths = [str(path) for path in sorted(self.project.iterdir())]
        return Options(**{"port": port, "paths": paths, **options})  # type: ignore[arg-type]

    def flash(self, on: VirtualBoard, **options: object) -> Result:
        self.forget_that_it_ran()
        return flash(self.options(on.port, **options))

    def forget_that_it_ran(self) -> None:
        (self.folder / "ran.txt").unlink(missing_ok=True)

    def wait_until_it_ran(self, *values: str) -> None:
        """Power-on or reset to the end of main.py's first lines, with app.VALUE one of these."""
        ran = self.folder / "ran.txt"
        wait_for(lambda: ran.is_file() and ran.read_text() in values, f"main.py with {values}")

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and path.stem != "ran"
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def board(bench: Bench) -> Iterator[VirtualBoard]:
    with VirtualBoard(bench.folder) as made:
        yield made
