"""A project on a virtual board, from nothing to its console."""

from dataclasses import dataclass
from pathlib import Path

from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError
from motelink_tools.flash import Options as FlashOptions
from motelink_tools.flash import flash
from motelink_tools.flash.project import PLATFORMS, is_project, platforms
from motelink_tools.flash.sources import SECRETS
from motelink_tools.hub.app.settings import DEFAULT_FOLDER
from motelink_tools.monitor import Reader, Sources
from motelink_tools.monitor.command import follow
from motelink_tools.monitor.port import Port
from motelink_tools.monitor.view import Shows
from motelink_tools.provision.secrets import Value, merge, read
from motelink_tools.run.joining import find_hub, join

_BOARD = Path(".motelink", "board")


@dataclass(frozen=True)
class Options:
    """What the user asked for. ``hub_folder``: of the hub to join, by default ~/.motelink;
    ``alone``: the settings are taken as they are."""

    project: Path
    hub_folder: Path | None = None
    alone: bool = False
    chip: str = "esp32"
    heap: str = "128k"


def run(options: Options, shows: Shows) -> None:
    """Start the board, put the project on it, and show its console, for ever. Its files stay in
    the project's folder ``.motelink/board``. Raises ToolError; KeyboardInterrupt is the end."""
    project = options.project.resolve()
    if not is_project(project):
        raise ToolError(
            f"{project} has no app.py; 'motelink new NAME' makes a project", kind="no_project"
        )
    folder = project / _BOARD
    folder.mkdir(parents=True, exist_ok=True)
    _keep(folder / SECRETS, _settings(project, folder, options, shows))
    shows.note("putting the project on a virtual board")
    with VirtualBoard(folder, chip=options.chip, heap=options.heap) as board:
        result = flash(FlashOptions(port=board.port, project=project, reset=False))
        shows.note(
            f"virtual board {board.port}: sent {len(result.summary.sent)} files, "
            f"{len(result.summary.unchanged)} unchanged; Ctrl-C ends it"
        )
        port = Port(board.port)
        try:
            next(event for event in port.events() if not event)  # the prompt that flash has left
            board.hard_reset()
            follow(port, Reader(Sources(project)), shows)
        finally:
            port.close()


def _settings(project: Path, folder: Path, options: Options, shows: Shows) -> dict[str, Value]:
    """The project's secrets, and over them what the hub says."""
    found = _read(project / SECRETS)
    own = {name: value for name, value in found.items() if value != ""}
    hub = None if options.alone else find_hub(options.hub_folder)
    if hub is None:
        if not options.alone:
            where = options.hub_folder or DEFAULT_FOLDER
            shows.note(f"no hub serves {where} ('motelink hub' starts one; --hub: another folder)")
        empty = [name for name in found if name not in own and not name.startswith("wifi_")]
        if empty:
            shows.note(f"{SECRETS} has no value for {', '.join(empty)}")
        return own
    wanted = platforms(project) or PLATFORMS
    given, joined, missing = join(hub, project.name, wanted, _read(folder / SECRETS))
    if joined:
        shows.note(f"the hub on this machine serves {', '.join(joined)}")
    if missing:
        shows.note(f"the hub on this machine does not serve {', '.join(missing)}")
    return own | given


def _read(path: Path) -> dict[str, Value]:
    return read(path.read_bytes(), str(path)) if path.is_file() else {}


def _keep(path: Path, secrets: dict[str, Value]) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(merge(b"", secrets))
