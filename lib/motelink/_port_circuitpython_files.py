"""Files on CircuitPython, for `motelink.storage`, `motelink.outbox` and `motelink.settings`.

Code may write only where the file system is not given to a computer over USB (``storage.remount``
in boot.py); elsewhere writing raises OSError 30.
"""

import os
from os import listdir, mkdir, remove, rename  # noqa: F401

nvs = None


def sync(file) -> None:
    file.flush()
    os.sync()


def write_from(file, data, n: int) -> None:
    if file.write(memoryview(data)[:n]) != n:
        raise OSError(28)  # ENOSPC


def read_into(file, data, n: int) -> int:
    return file.readinto(memoryview(data)[:n])
