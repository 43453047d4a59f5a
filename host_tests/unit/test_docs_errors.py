"""docs/errors.md has every error that there is, and none that there is not."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from motelink import commute_errors, errors, iottalk_dan, mqtt_simple
from motelink_tools import paths
from motelink_tools.hub.manager import info

PAGE = (paths.board_root() / "docs" / "errors.md").read_text(encoding="utf-8")
DEVICE, TOOLS = PAGE.split("## Of the command `motelink`")
TOOLS_FOLDER = Path(inspect.getfile(paths)).parent
# Kinds of other things: SEPL's devices and the page's lists have such an argument, too.
NOT_ERRORS = {"gateway"}


def first_cells(text: str) -> set[str]:
    """The names in the first column of its tables."""
    rows = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


def kinds() -> Iterator[tuple[str, str]]:
    """Each constant ``kind=`` of a call in the tools, and where it is."""
    for file in sorted(TOOLS_FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call):
                for keyword in node.keywords:
                    value = keyword.value
                    if keyword.arg == "kind" and isinstance(value, ast.Constant):
                        yield str(value.value), f"{file.name}:{node.lineno}"


def test_every_kind_of_tool_error_is_explained() -> None:
    explained = first_cells(TOOLS)
    missing = {kind: place for kind, place in kinds() if kind not in explained | NOT_ERRORS}
    assert not missing, f"docs/errors.md needs a row for each of these: {missing}"
    assert explained <= {kind for kind, _ in kinds()}, "a row of a kind that there is no more"


def test_every_error_of_a_device_is_explained() -> None:
    known = {
        name
        for module in (errors, commute_errors, iottalk_dan, mqtt_simple, info)
        for name, found in vars(module).items()
        if inspect.isclass(found) and issubclass(found, Exception)
    }
    assert first_cells(DEVICE) == known
