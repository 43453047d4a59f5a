"""Which of the boards that motelink knows is the connected one."""

import ast

from motelink_tools import paths
from motelink_tools.errors import ToolError


def machine_of(board: str) -> str:
    """The constant MACHINE of a board's ``board.py``, read without running the file."""
    text = (paths.board_folder(board) / "board.py").read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id == "MACHINE":
                return str(node.value.value)
    raise ToolError(f"boards/{board}/board.py does not set MACHINE", kind="unknown_board")


def known() -> list[str]:
    """Every board with a folder of its own."""
    folders = (paths.board_root() / "boards").glob("*/board.py")
    return sorted(file.parent.name for file in folders)


def recognise(machine: str) -> str | None:
    """The board whose MACHINE ``os.uname().machine`` starts with; the longest such wins."""
    fitting = [board for board in known() if machine.startswith(machine_of(board))]
    return max(fitting, key=lambda board: len(machine_of(board)), default=None)


def choose(machine: str, wanted: str | None, *, force: bool = False) -> str:
    """The board to flash for. Raises ToolError ``unknown_board`` or ``other_board``.

    Another board's pins may drive what is wired as an input, so a board that is known to be of
    another kind is refused. One that nobody knows (a vendor's own build) is taken at the user's
    word.
    """
    found = recognise(machine)
    if wanted is None:
        if found is None:
            raise ToolError(
                f"no known board calls itself {machine!r}; "
                f"choose one with --board: {', '.join(known())}",
                kind="unknown_board",
            )
        return found
    paths.board_folder(wanted)
    if found not in (None, wanted) and not force:
        raise ToolError(
            f"the connected board is {found} ({machine}), not {wanted}; "
            "leave --board out, or use --force if you know better",
            kind="other_board",
        )
    return wanted
