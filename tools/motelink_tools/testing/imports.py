"""How firmware is imported under test: from the board's own path, into modules of its own.

Nothing of this touches the host's ``sys.modules`` or ``time``: a firmware's ``config.py`` or
``logging.py`` never meets pytest's. Every firmware module gets its own builtins, whose
``__import__`` looks first among the stand-ins (``time``, ``os``, ...), then on the board's path,
then among those modules of the host that MicroPython has too. Whatever else the host has is not
on a board, and importing it fails here as it would there.
"""

import ast
import builtins
import functools
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

_SHARED = """
array binascii builtins cmath collections errno hashlib heapq io json math platform random re
requests ssl struct _thread __future__
"""
_HAVE_OLD_NAMES = """
asyncio binascii collections errno hashlib heapq io json os platform random re requests select
socket ssl struct sys time
"""

# What a board's MicroPython and CPython both have and mean the same by.
SHARED = frozenset(_SHARED.split())
# What MicroPython up to 1.20 called with a u before the name, and still finds under it.
OLD_NAMES = frozenset(_HAVE_OLD_NAMES.split())


class Imports:
    """Modules imported since ``modules`` was cleared.

    ``path()`` gives the folders to search, in order. ``stand_ins`` are modules that are there
    already; they come first. ``names`` are added to the builtins. ``bundled`` packages are found
    in the folder given, behind the path, and may import anything of the host's. ``adapt`` is
    called with the module of that name when it has been loaded.
    """

    def __init__(
        self,
        path: Callable[[], Iterable[Path]],
        stand_ins: Mapping[str, ModuleType],
        names: Mapping[str, Any],
        *,
        bundled: Mapping[str, Path] | None = None,
        adapt: Mapping[str, Callable[[ModuleType], None]] | None = None,
        instrumented: bool = True,
    ) -> None:
        self.modules: dict[str, ModuleType] = {}
        self._builtins = {**vars(builtins), **names, "__import__": self._import}
        self._path = path
        self._stand_ins = stand_ins
        self._bundled = bundled or {}
        self._adapt = adapt or {}
        self._instrumented = instrumented

    def run(self, file: Path, namespace: dict[str, Any]) -> None:
        """Run one file in ``namespace``, as a board runs main.py."""
        namespace["__builtins__"] = self._builtins
        namespace["__file__"] = str(file)
        exec(_code(str(file), file.read_bytes(), self._instrumented), namespace)  # noqa: S102

    def load(self, name: str) -> ModuleType:
        """The module of that dotted name, imported now unless it is. ImportError as on a board."""
        module = self._find(name)
        if module is None:
            raise ImportError(f"no module named '{name}'")
        return module

    def _find(self, name: str) -> ModuleType | None:
        known = self._stand_ins.get(name) or self.modules.get(name)
        if known is not None:
            return known
        parent, _, leaf = name.rpartition(".")
        package = self._find(parent) if parent else None
        if parent and package is None:
            return None
        for folder in self._search(leaf, package):
            if (folder / leaf).is_dir():
                return self._load(name, folder / leaf / "__init__.py", package)
            if (folder / f"{leaf}.py").is_file():
                return self._load(name, folder / f"{leaf}.py", package)
        return None

    def _search(self, leaf: str, package: ModuleType | None) -> Iterator[Path]:
        if package is not None:
            yield from map(Path, package.__path__)
            return
        yield from self._path()
        if leaf in self._bundled:
            yield self._bundled[leaf]

    def _load(self, name: str, file: Path, package: ModuleType | None) -> ModuleType:
        module = ModuleType(name)
        module.__file__ = str(file)
        module.__package__ = name.rpartition(".")[0]
        if file.name == "__init__.py":
            module.__path__ = [str(file.parent)]
            module.__package__ = name
        self.modules[name] = module
        if file.is_file():  # MicroPython takes a folder without __init__.py for a package
            try:
                self.run(file, vars(module))
            except BaseException:
                del self.modules[name]
                raise
        if name in self._adapt:
            self._adapt[name](module)
        if package is not None:
            setattr(package, name.rpartition(".")[2], module)
        return module

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 __import__'s own names
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        importer = (globals or {}).get("__package__") or ""
        if level:
            name = importlib.util.resolve_name("." * level + name, importer)
        top = name.partition(".")[0]
        if top[:1] == "u" and top[1:] in OLD_NAMES and self._find(top) is None:
            name, top = name[1:], top[1:]
        if self._find(top) is None:
            if importer.partition(".")[0] not in self._bundled and top not in SHARED:
                raise ImportError(f"no module named '{name}' on a board")
            return builtins.__import__(name, globals, locals, fromlist or (), 0)
        if top in self._stand_ins:
            return self._stand_ins[top]
        module = self.load(name)
        if not fromlist:
            return self.load(top)
        for item in fromlist:
            if item != "*" and hasattr(module, "__path__") and not hasattr(module, item):
                self._find(f"{name}.{item}")
        return module


@functools.lru_cache(maxsize=256)
def _code(file: str, source: bytes, instrumented: bool) -> CodeType:
    tree = ast.parse(source, file)
    if instrumented:
        tree = _Instrument().visit(tree)
    return compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)


class _Instrument(ast.NodeTransformer):
    """Adds the two calls that keep a program in the test's hands.

    ``__turn__()`` at the head of each ``while``: a loop that waits without sleeping lets time pass
    and can be stopped. ``__leaving__()`` at the head of each ``except`` and ``finally``: a board
    that was reset runs no handlers, so a bare ``except:`` must not catch what ends the run.
    """

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, _call("__turn__", node))
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        self.generic_visit(node)
        for handler in node.handlers:
            handler.body.insert(0, _call("__leaving__", handler))
        if node.finalbody:
            node.finalbody.insert(0, _call("__leaving__", node.finalbody[0]))
        return node


def _call(name: str, where: ast.AST) -> ast.Expr:
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), [], []))
    return ast.copy_location(call, where)
