"""mip's index and the freeze manifest name exactly the modules that a flash sends."""

import json
from pathlib import Path
from typing import Any

import pytest

from motelink import __version__
from motelink_tools import paths
from motelink_tools.flash.package import PLATFORMS, indexes
from motelink_tools.flash.sources import library_modules

ROOT = Path(__file__).parents[2]


RENEW = "renew them: python -m motelink_tools.flash.package"


def test_the_indexes_are_up_to_date() -> None:
    expected = indexes()
    found = {ROOT / "package.json", *(ROOT / "lib").glob("*.json")}
    assert found == set(expected), RENEW
    for path, text in expected.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: {RENEW}"


def test_sources_are_beneath_their_index() -> None:
    for path, text in indexes().items():
        urls = json.loads(text)["urls"]
        assert [dest for dest, _ in urls if "__init__" in dest] == ["motelink/__init__.py"]
        for dest, source in urls:
            assert ".." not in source
            assert (path.parent / source).is_file()
            assert dest == f"motelink/{Path(source).name}"


def test_a_part_has_one_platform() -> None:
    parts = {path.stem: text for path, text in indexes().items() if path.parent.name == "lib"}
    assert set(parts) == {"mqtt", *PLATFORMS, *(f"node-{name}" for name in PLATFORMS)}
    for part, text in parts.items():
        found = {Path(dest).stem for dest, _ in json.loads(text)["urls"]}
        platform = part.removeprefix("node-")
        assert {name for name in found if name[5:] in PLATFORMS} == (
            set() if platform == part else {f"node_{platform}"}
        )
        for other in set(PLATFORMS) - {platform}:
            assert not [name for name in found if name.partition("_")[0] == other], part


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
