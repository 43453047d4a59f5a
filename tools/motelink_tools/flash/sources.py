"""Which files go to the board, and to which name there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from motelink_tools import paths
from motelink_tools.errors import ToolError

# MicroPython runs these two by their names; it would not find them compiled.
ALWAYS_SOURCE = frozenset({"boot.py", "main.py"})
SECRETS = "secrets.toml"
_FOREIGN_PORTS = ("_port_cpython", "_port_circuitpython")


@dataclass(frozen=True)
class Source:
    """A file on the host and its name on the board, relative to the board's root folder."""

    path: Path
    dest: str


def library_modules() -> list[Path]:
    """The files of ``motelink`` that MicroPython needs: all but the other runtimes' ports."""
    package = paths.library() / "motelink"
    return sorted(
        file for file in package.glob("*.py") if not file.name.startswith(_FOREIGN_PORTS)
    )


def starters(board: str) -> list[Source]:
    """What runs a project's app.py, each of which the project may replace."""
    root = paths.board_root()
    return [
        Source(paths.board_folder(board) / "board.py", "board.py"),
        Source(root / "boot.py", "boot.py"),
        Source(root / "main.py", "main.py"),
    ]


def from_arguments(arguments: Sequence[str]) -> list[Source]:
    """The sources that PATH arguments name. Raises ToolError ``bad_path`` for one not there.

    ``app.py`` goes to app.py; folder ``web`` with all in it goes beneath web/. ``SRC:DEST`` names
    the place: ``app.py:lib/`` goes to lib/app.py, ``app.py:main.py`` to main.py, ``web:static``
    puts the folder's content beneath static/, ``web:`` at the root.
    """
    found: list[Source] = []
    for argument in arguments:
        path, dest = _split(argument)
        if path.is_dir():
            base = path.resolve().name if dest is None else dest
            for file in files_beneath(path):
                found.append(Source(file, destination(base, *file.relative_to(path).parts)))
        elif dest is None or dest == "" or dest.endswith("/"):
            found.append(Source(path, destination(dest or "", path.name)))
        else:
            found.append(Source(path, destination(dest)))
    if not found:
        raise ToolError("nothing to send: the folders are empty", kind="bad_path")
    return found


def destination(*parts: str) -> str:
    """One relative path on the board. Raises ToolError ``bad_path`` for one that leads out."""
    joined = "/".join(part for part in parts if part)
    path = PurePosixPath(joined)
    if path.is_absolute() or ".." in path.parts or "\\" in joined or "\0" in joined:
        raise ToolError(
            f"destination {joined!r} leaves the board's root folder; "
            "write it relative to that and without '..', as lib/app.py",
            kind="bad_path",
        )
    return str(path)


def in_order(sources: Iterable[Source]) -> list[Source]:
    """The order in which files take effect: the library first, boot.py and main.py last.

    So an application never starts on half a new library when the last step was not reached.
    Raises ToolError ``bad_path`` when two sources want one name.
    """
    by_dest: dict[str, Source] = {}
    for source in sources:
        other = by_dest.setdefault(source.dest, source)
        if other.path != source.path:
            raise ToolError(
                f"{other.path} and {source.path} would both become {source.dest}", kind="bad_path"
            )
    return sorted(by_dest.values(), key=lambda source: (_rank(source.dest), source.dest))


def _rank(dest: str) -> int:
    if dest in ALWAYS_SOURCE:
        return 2 if dest == "boot.py" else 3
    return 0 if dest.startswith("lib/") else 1


def _split(argument: str) -> tuple[Path, str | None]:
    """SRC or SRC:DEST. A file that is really called so comes first, and so does C:\\file."""
    whole = Path(argument)
    if whole.exists():
        return whole, None
    src, colon, dest = argument.rpartition(":")
    if colon and src and Path(src).exists():
        return Path(src), dest
    raise ToolError(f"there is no file or folder {src or argument}", kind="bad_path")


def files_beneath(folder: Path) -> list[Path]:
    """Every file in a folder, sorted, but for secrets, which go by ``motelink provision`` alone,
    what is hidden, and what CPython leaves behind."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.is_file()
        and file.name != SECRETS
        and not any(
            part.startswith(".") or part == "__pycache__"
            for part in file.relative_to(folder).parts
        )
    )
