"""Makes a project's folder from the templates. Nothing that is there already is touched."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.project import PLATFORMS, SETTINGS
from motelink_tools.flash.sources import SECRETS
from motelink_tools.new.settings import secrets_text, settings_text

_TEMPLATES = Path(__file__).with_name("templates")
_SUFFIX = ".txt"  # so that no tool takes a template for a program
_NAMES = {"gitignore": ".gitignore"}
# A host name, a package's name, and a word in URLs and topics of all platforms.
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")


@dataclass(frozen=True)
class Project:
    """``board``: a folder of boards/. ``platforms``: of `flash.project.PLATFORMS`."""

    folder: Path
    board: str = "virtual"
    platforms: Sequence[str] = ("manager",)

    @property
    def name(self) -> str:
        """The folder's name is the project's; "." has one, too."""
        return self.folder.resolve().name


def make(project: Project) -> list[Path]:
    """Make the folder and its files, which are returned. Raises ToolError ``bad_name``,
    ``unknown_board``, ``unknown_platform``; ``exists`` where the folder has files in it.
    """
    _check(project)
    made = []
    for name, text in _files(project):
        path = project.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == SECRETS:
            path.touch(mode=0o600, exist_ok=False)
            path.write_text(text, encoding="utf-8")
        else:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        made.append(path)
    return made


def _check(project: Project) -> None:
    if not _NAME.fullmatch(project.name):
        raise ToolError(
            f"{project.name!r} cannot be a project's name; it needs 1 to 32 of a-z, 0-9 and -, "
            "with a letter first, as garden-lamp",
            kind="bad_name",
        )
    paths.board_folder(project.board)
    for name in project.platforms:
        if name not in PLATFORMS:
            raise ToolError(
                f"no platform named {name!r}; there are: {', '.join(PLATFORMS)}",
                kind="unknown_platform",
            )
    if project.folder.exists() and not _is_empty(project.folder):
        raise ToolError(
            f"{project.folder} exists and has files in it; choose another name", kind="exists"
        )


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _files(project: Project) -> Iterator[tuple[str, str]]:
    platforms = list(dict.fromkeys(project.platforms))
    texts = {
        _NAMES.get(name := template.relative_to(_TEMPLATES).as_posix()[: -len(_SUFFIX)], name): (
            template.read_text(encoding="utf-8")
        )
        for template in sorted(_TEMPLATES.rglob(f"*{_SUFFIX}"))
    }
    texts[SETTINGS] = settings_text(platforms)
    texts[SECRETS] = secrets_text(platforms)
    words = {"NAME": project.name, "BOARD": project.board, "PLATFORMS": ", ".join(platforms)}
    for name, text in texts.items():
        yield name, re.sub(r"@([A-Z]+)@", lambda found: words[found[1]], text)
