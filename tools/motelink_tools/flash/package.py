"""The indexes by which ``mip`` installs motelink: ``python -m motelink_tools.flash.package``
writes them; a test compares.

``package.json`` is the whole library, and printed, too. ``lib/<name>.json`` is a part: one
platform's client ("losant"), a node on one platform ("node-losant"), the MQTT client alone
("mqtt").
"""

import json
from collections.abc import Iterable
from pathlib import Path

from motelink import __version__
from motelink_tools import paths
from motelink_tools.flash.needs import needs
from motelink_tools.flash.sources import library_modules

PLATFORMS = ("commute", "iottalk", "losant", "manager", "sepl")
_CLIENTS = (*PLATFORMS, "mqtt")
_OUTBOX = "motelink.outbox"  # which programs give to a client


def indexes() -> dict[Path, str]:
    """Each index's place and content. Sources are beneath the file's own folder, because a server
    that ``mip`` asks for ``..`` may refuse."""
    found = {paths.board_root() / "package.json": _index(library_modules(), "lib/")}
    for name in _CLIENTS:
        found[paths.library() / f"{name}.json"] = _index(needs([*_family(name), _OUTBOX]))
    for name in PLATFORMS:
        others = set(PLATFORMS) - {name}
        node = [part for part in _family("node") if others.isdisjoint(part.split("_"))]
        found[paths.library() / f"node-{name}.json"] = _index(needs(node, platforms=[name]))
    return found


def _family(name: str) -> list[str]:
    """A module and those that are named after it: losant, losant_json, ..."""
    stems = (file.stem for file in library_modules())
    return [f"motelink.{stem}" for stem in stems if stem.partition("_")[0] == name]


def _index(files: Iterable[Path], folder: str = "") -> str:
    """A line a file: its name beneath the board's lib/, and its source."""
    urls = [[f"motelink/{file.name}", f"{folder}motelink/{file.name}"] for file in files]
    lines = ",\n".join(f"    {json.dumps(url)}" for url in urls)
    return f'{{\n  "urls": [\n{lines}\n  ],\n  "deps": [],\n  "version": "{__version__}"\n}}\n'


if __name__ == "__main__":
    for path, text in indexes().items():
        path.write_text(text, encoding="utf-8")
        if path.name == "package.json":
            print(text, end="")
