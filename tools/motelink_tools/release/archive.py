"""Zip archives whose bytes depend on nothing but their content."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say
_FILE = 0o100644 << 16


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """An archive of these files, sorted by name, all of the same time and mode."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = _FILE
            archive.writestr(entry, files[name])


def manifest(version: str, files: Mapping[str, bytes], **facts: object) -> bytes:
    """MANIFEST.json: the SHA-256 and the size of each file, and other facts."""
    listed = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in sorted(files.items())
    }
    return (json.dumps({"version": version, **facts, "files": listed}, indent=2) + "\n").encode()
