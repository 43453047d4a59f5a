"""Everything that a release consists of: ``python -m motelink_tools.release [FOLDER]``.

It is built from a checkout, without network, into ``dist/``, and the same sources give the same
bytes.
"""

from motelink_tools.release.building import build

__all__ = ["build"]
