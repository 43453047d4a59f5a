"""mip's index and the freeze manifest name exactly the modules that a flash sends."""

from pathlib import Path
from typing import Any

import pytest

from motelink import __version__
from motelink_tools import paths
from motelink_tools.flash.package import index
from motelink_tools.flash.sources import library_modules

ROOT = Path(__file__).parents[2]


def test_package_json_is_up_to_date() -> None:
    assert (ROOT / "package.json").read_text(encoding="utf-8") == index(), (
        "renew it: python -m motelink_tools.flash.package > package.json"
    )


def test_the_manifest_freezes_the_same_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}

    def build_step(name: str) -> Any:
        return lambda *args, **kwargs: calls.update({name: (args, kwargs)})

    monkeypatch.chdir(ROOT)
    code = (ROOT / "manifest.py").read_text(encoding="utf-8")
    exec(code, {name: build_step(name) for name in ("metadata", "package")})
    assert calls["metadata"][1]["version"] == __version__
    args, kwargs = calls["package"]
    assert args == ("motelink",)
    assert (ROOT / kwargs["base_path"]).samefile(paths.library())
    assert kwargs["files"] == [path.name for path in library_modules()]
