"""Files on CPython, for `motelink.storage`, `motelink.outbox` and `motelink.settings`."""

import os
from os import listdir, mkdir, remove, rename  # noqa: F401

nvs = None


def sync(file) -> None:
    file.flush()
    os.fsync(file.fileno())


def write_from(file, data, n: int) -> None:
    if file.write(memoryview(data)[:n]) != n:
        raise OSError(28, "not all of it was written")


def read_into(file, data, n: int) -> int:
    count: int = file.readinto(memoryview(data)[:n])
    return count
