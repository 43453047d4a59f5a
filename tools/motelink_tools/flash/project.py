"""A user's project folder: which of its files go to a board.

The folder's ``app.py`` makes it a project. With it go the modules that it imports from the folder
or its ``lib/``, ``settings.toml`` with the authorities' certificates that it names, and what
pyproject.toml names, for it cannot be seen in imports:

    [tool.motelink]
    send = ["web"]

``secrets.toml`` stays here: ``motelink provision`` puts secrets on a board.
"""

import ast
import tomllib
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from motelink.errors import ConfigError
from motelink.settings_toml import parse
from motelink_tools import known_settings, paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.needs import needs
from motelink_tools.flash.sources import (
    SECRETS,
    Source,
    destination,
    files_beneath,
    library_modules,
    starters,
)

PLATFORMS = ("manager", "losant", "iottalk", "sepl", "commute")
SETTINGS = "settings.toml"
_AUTHORITIES = tuple(f"{name}_ca" for name in PLATFORMS)
_ROOTS = ("app.py", "boot.py", "main.py", "board.py")


def is_project(folder: Path) -> bool:
    """Whether there is an app.py."""
    return (folder / "app.py").is_file()


def standard(board: str, folder: Path) -> list[Source]:
    """All that a board runs: the project, what starts it, and the library's modules that these
    need. A folder that is no project gives motelink's own app.py and the whole library, and its
    settings.toml. Raises ToolError, see `own_files`."""
    found = {source.dest: source for source in starters(board)}
    if not is_project(folder):
        found["app.py"] = Source(paths.board_root() / "app.py", "app.py")
        library = library_modules()
    found.update((source.dest, source) for source in own_files(folder))
    if is_project(folder):
        programs = [source.path for dest, source in found.items() if dest.endswith(".py")]
        library = needs(programs, platforms=platforms(folder))
    return [*(Source(file, f"lib/motelink/{file.name}") for file in library), *found.values()]


def own_files(folder: Path) -> list[Source]:
    """What of the project itself goes to a board. Raises ToolError ``bad_source`` for Python that
    does not compile, ``bad_settings`` for settings that a board would refuse, ``bad_path``."""
    roots = [folder / name for name in _ROOTS] if is_project(folder) else []
    found = {file: None for file in roots if file.is_file()}
    waiting = list(found)
    while waiting:
        for file in _imported(waiting.pop(), folder):
            if file not in found:
                found[file] = None
                waiting.append(file)
    sources = [Source(file, file.relative_to(folder).as_posix()) for file in found]
    if (folder / SETTINGS).is_file():
        _refuse_mistyped(folder)
        sources.append(Source(folder / SETTINGS, SETTINGS))
    others = {source.dest: source for source in (*_named(folder), *_authorities(folder))}
    for source in sources:
        others.pop(source.dest, None)
    return [*sources, *others.values()]


def without_mark(text: bytes) -> bytes:
    """Settings without the byte order mark that editors on Windows begin UTF-8 with: a board
    does not know it."""
    return text.removeprefix(BOM_UTF8)


def settings(path: Path) -> dict[str, Any]:
    """The settings in a file, by the board's own parser; none where there is no file. Raises
    ToolError ``bad_settings``, which tells the line and no value."""
    try:
        lines = without_mark(path.read_bytes()).splitlines(keepends=True)
    except FileNotFoundError:
        return {}
    try:
        found: dict[str, Any] = parse(lines, str(path))
    except ConfigError as error:
        raise ToolError(str(error), kind="bad_settings") from None
    return found


def _refuse_mistyped(folder: Path) -> None:
    path = folder / SETTINGS
    types = {name: type(value).__name__ for name, value in settings(path).items()}
    for name, what, write in known_settings.mistyped(types, known_settings.known(folder)):
        raise ToolError(f"{path}: {name} is {what}; write {write}", kind="bad_settings")


def doubts(folder: Path) -> Iterator[str]:
    """Lines about what may not be meant: a folder that is no project, a setting that nothing in
    the library and the project asks for. Raises ToolError as `settings`."""
    if not is_project(folder):
        yield f"{folder} has no app.py, so this is motelink's own firmware"
    for line in known_settings.doubts(settings(folder / SETTINGS), known_settings.known(folder)):
        yield f"{SETTINGS}: {line}"


def platforms(folder: Path) -> list[str] | None:
    """The platforms that the project's settings name; None where they name none, so that nobody
    knows: secrets may have been provisioned from elsewhere."""
    keys = [*settings(folder / SETTINGS), *settings(folder / SECRETS)]
    named = {key.partition("_")[0] for key in keys}
    return [name for name in PLATFORMS if name in named] or None


def options(folder: Path) -> Mapping[str, Any]:
    """The table ``tool.motelink`` of the project's pyproject.toml. Raises ToolError."""
    path = folder / "pyproject.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # see `without_mark`
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ToolError(f"{path}: {error}", kind="bad_settings") from None
    table = content.get("tool", {}).get("motelink", {})
    return table if isinstance(table, dict) else {}


def _named(folder: Path) -> Iterator[Source]:
    """What ``send`` lists: files, and folders with all in them, at the same place on the board."""
    names = options(folder).get("send", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ToolError(
            f'{folder / "pyproject.toml"}: expected send = ["name", ...] in [tool.motelink]',
            kind="bad_settings",
        )
    for name in names:
        path = folder / destination(name)
        if not path.exists():
            raise ToolError(
                f"there is no file or folder {path}, which send in pyproject.toml names",
                kind="bad_path",
            )
        for file in files_beneath(path) if path.is_dir() else [path]:
            yield Source(file, file.relative_to(folder).as_posix())


def _authorities(folder: Path) -> Iterator[Source]:
    """The certificates that settings name, at the same place on the board."""
    for file in (SETTINGS, SECRETS):
        found = settings(folder / file)
        for key in _AUTHORITIES:
            name = found.get(key)
            if not isinstance(name, str) or not name:
                continue  # there is none, or the board says what is wrong with it
            path = folder / destination(name.removeprefix("/"))
            if not path.is_file():
                raise ToolError(
                    f"there is no file {path}, which {key} in {file} names: put the certificate "
                    "of the server's authority there",
                    kind="bad_path",
                )
            yield Source(path, path.relative_to(folder).as_posix())


def _imported(file: Path, folder: Path) -> Iterator[Path]:
    """The project's files that one imports, wherever in it the import stands."""
    try:
        tree = ast.parse(file.read_bytes(), str(file))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{file}:{line}" if line else str(file)
        raise ToolError(f"{where} does not compile: {error}", kind="bad_source") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files_of(alias.name, [folder, folder / "lib"])
        elif isinstance(node, ast.ImportFrom):
            roots = [folder, folder / "lib"]
            if node.level:
                roots = [file.parents[node.level - 1]]
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            if not node.module:
                names = [alias.name for alias in node.names]
            for name in [node.module, *names] if node.module else names:
                yield from _files_of(name, roots)


def _files_of(name: str, roots: list[Path]) -> Iterator[Path]:
    """The files of a.b.c: a/__init__.py, a/b/__init__.py, a/b/c.py, those that are there."""
    if name.partition(".")[0] == "motelink":
        return
    for root in roots:
        place = root
        for part in name.split("."):
            place = place / part
            for file in (place / "__init__.py", place.with_suffix(".py")):
                if file.is_file():
                    yield file
