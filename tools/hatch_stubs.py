"""Builds the type stubs of ``motelink`` into the wheel, beside its modules.

The sources carry few annotations, and attributes that begin as None: typing them would cost every
board heap. `mypy.stubgen` writes what it sees there; the types that it guesses from defaults are
taken out again, because ``secure=True`` takes a TLS context, too.
"""

import ast
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# A module that is compiled, as mypy's are, does not run by -m.
_STUBGEN = "from mypy.stubgen import main; main()"

Function = ast.FunctionDef | ast.AsyncFunctionDef


class StubsHook(BuildHookInterface[Any]):
    """Hatch calls this, see ``[tool.hatch.build.targets.wheel.hooks.custom]``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is built: have the stubs in it. An editable install has sources."""
        self._folder = tempfile.TemporaryDirectory()
        if version != "editable":
            for path in write(Path(self.root) / "lib" / "motelink", Path(self._folder.name)):
                build_data["force_include"][str(path)] = f"motelink/{path.name}"

    def finalize(self, *_: object) -> None:
        """After it."""
        self._folder.cleanup()


def write(package: Path, folder: Path) -> list[Path]:
    """Write a .pyi for each module of the package, somewhere in the folder; their paths."""
    subprocess.run(
        [sys.executable, "-c", _STUBGEN, "--quiet", "--parse-only", "-o", folder, package],
        check=True,
    )
    found = sorted(folder.rglob("*.pyi"))
    for stub in found:
        source = (package / stub.name).with_suffix(".py").read_text("utf-8")
        stub.write_text(_without_guesses(stub.read_text("utf-8"), source), "utf-8")
    return found


def _without_guesses(stub: str, source: str) -> str:
    """The stub with only those types of arguments that the source has."""
    written = _functions(ast.parse(source))
    tree = ast.parse(stub)
    for name, function in _functions(tree).items():
        known = {argument.arg: argument.annotation for argument in _arguments(written[name])}
        for argument in _arguments(function):
            if known.get(argument.arg) is None:
                argument.annotation = None
        if function.returns is None:
            function.returns = ast.Name("Incomplete")
    imports = "from _typeshed import Incomplete\n"
    return imports + ast.unparse(tree).removeprefix(imports) + "\n"


def _functions(tree: ast.AST, inside: str = "") -> dict[str, Function]:
    """Every function by its name, ``Class.method``; of several with one name the last."""
    found: dict[str, Function] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            found.update(_functions(node, f"{inside}{node.name}."))
        elif isinstance(node, Function):
            found[inside + node.name] = node
        elif not isinstance(node, ast.expr):
            found.update(_functions(node, inside))
    return found


def _arguments(function: Function) -> list[ast.arg]:
    of = function.args
    rest = [argument for argument in (of.vararg, of.kwarg) if argument]
    return [*of.posonlyargs, *of.args, *of.kwonlyargs, *rest]
