"""An SA file is loaded and run by the device library, unchanged: its imports of iottalk-py find
the same names in `motelink`."""

import importlib.util
import sys
import traceback
import uuid
from pathlib import Path
from types import ModuleType

from motelink import iottalk_dan, iottalk_sa
from motelink.errors import LinkError
from motelink_tools.errors import ToolError


def run(path: Path, url: str | None = None) -> None:
    """Run an SA until it is interrupted; then it is deregistered, unless it says otherwise.

    ``path``: the file, with or without ``.py``, or a folder that is a package. ``url``: of the
    server, instead of the SA's ``api_url``. A device without ``device_addr`` has another one each
    time, as with iottalk-py. Raises ToolError for an SA that cannot be loaded, or lacks
    something, or is refused.
    """
    module = load(path)
    if url:
        vars(module)["api_url"] = url
    if not getattr(module, "device_addr", None):
        vars(module)["device_addr"] = str(uuid.uuid4())
    try:
        iottalk_sa.run(module)
    except LinkError as error:
        raise ToolError(f"{path}: {error}", kind="iottalk") from error


def load(path: Path) -> ModuleType:
    """The SA as a module; what it imports is found beside it, too."""
    source = _source(path)
    name = source.parent.name if source.name == "__init__.py" else source.stem
    sys.modules.setdefault("iottalkpy", _iottalkpy())
    sys.modules.setdefault("iottalkpy.dan", iottalk_dan)
    sys.path.insert(0, str(source.parent))
    spec = importlib.util.spec_from_file_location(name, source)
    if spec is None or spec.loader is None:
        raise ToolError(f"{source}: not a Python file", kind="iottalk")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ToolError(_where(source, error), kind="iottalk") from error
    return module


def _source(path: Path) -> Path:
    for candidate in (path, path.with_name(f"{path.name}.py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate.resolve()
    raise ToolError(f"{path}: no such SA: expected a file, or a folder that is a package")


def _iottalkpy() -> ModuleType:
    module = ModuleType("iottalkpy", "Stands for iottalk-py, as far as SA files import it.")
    module.__path__ = []
    vars(module)["dan"] = iottalk_dan
    return module


def _where(source: Path, error: Exception) -> str:
    """What is wrong, with the line of the SA that it came from."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == source
    ]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    place = f"{source}:{lines[-1]}" if lines else str(source)
    return f"{place}: {type(error).__name__}: {error}"
