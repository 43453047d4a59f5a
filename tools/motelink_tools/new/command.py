"""What ``motelink new`` says."""

import json
from collections.abc import Sequence
from pathlib import Path

from motelink_tools.new.making import Project, make


def run(folder: Path, board: str, platforms: Sequence[str], as_json: bool) -> int:
    """Make a project and say what there is now. Raises ToolError."""
    project = Project(folder, board, platforms)
    files = [path.relative_to(folder).as_posix() for path in make(project)]
    if as_json:
        print(json.dumps({"ok": True, "folder": str(folder.resolve()), "files": files}))
        return 0
    print(f"{folder}: {', '.join(files)}")
    print(f"now: cd {folder}, then 'pytest', 'motelink run'; README.md says the rest")
    return 0
