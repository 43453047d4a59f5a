"""The index by which ``mip`` installs motelink: ``python -m motelink_tools.flash.package``.

Its output is ``package.json`` at the top of the repository; a test compares the two.
"""

import json

from motelink import __version__
from motelink_tools.flash.sources import library_modules


def index() -> str:
    """package.json: destinations beneath the board's lib/, sources relative to the file."""
    urls = [[f"motelink/{path.name}", f"lib/motelink/{path.name}"] for path in library_modules()]
    return json.dumps({"urls": urls, "deps": [], "version": __version__}, indent=2) + "\n"


if __name__ == "__main__":
    print(index(), end="")
