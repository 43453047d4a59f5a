"""The board's file system: a folder of the host, seen from inside as ``/``."""

import builtins
import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NamedTuple

from motelink_tools.testing.opened import Opened

_FOLDER, _FILE = 0x4000, 0x8000
_BLOCK = 4096


class Uname(NamedTuple):
    sysname: str
    nodename: str
    release: str
    version: str
    machine: str


class Flash:
    """``root`` is its ``/``; ``blocks`` of 4096 bytes are its size, which is reported only."""

    def __init__(self, root: Path, uname: Uname, opened: Opened, blocks: int = 512) -> None:
        self.root = root
        self._opened = opened
        self.blocks = blocks
        self._uname = uname
        self._cwd = "/"

    def restart(self) -> None:
        self._cwd = "/"

    def host(self, path: str | bytes) -> Path:
        """Where a path of the board's lies on the host. Never above ``root``."""
        text = os.fsdecode(path)
        if Path(text).is_relative_to(self.root):
            return Path(text)
        return self.root / posixpath.normpath(posixpath.join(self._cwd, text)).lstrip("/")

    def open(self, path: str | int, mode: str = "r", **settings: Any) -> IO[Any]:
        """``open`` as MicroPython has it: UTF-8, and line ends are left alone."""
        if isinstance(path, int):
            return builtins.open(path, mode, **settings)  # noqa: PTH123 a descriptor
        if "b" not in mode:
            settings = {"encoding": "utf-8", "newline": "\n"}
        return self._opened.add(self.host(path).open(mode, **settings))

    def module(self) -> ModuleType:
        """The board's ``os``. What is not the file system's is the host's."""
        module = ModuleType("os")
        vars(module).update(
            vars(os),
            listdir=self.listdir,
            ilistdir=self.ilistdir,
            stat=self.stat,
            statvfs=self.statvfs,
            mkdir=self.mkdir,
            rmdir=self.rmdir,
            remove=self.remove,
            unlink=self.remove,
            rename=self.rename,
            chdir=self.chdir,
            getcwd=lambda: self._cwd,
            uname=lambda: self._uname,
            sync=lambda: None,
            dupterm=lambda *_: None,
        )
        return module

    def chdir(self, path: str) -> None:
        self.listdir(path)
        self._cwd = "/" + self.host(path).relative_to(self.root).as_posix().lstrip(".")

    def listdir(self, path: str = "") -> list[str]:
        return [entry.name for entry in self.host(path).iterdir()]

    def ilistdir(self, path: str = "") -> Iterator[tuple[str, int, int, int]]:
        for name in self.listdir(path):
            entry = self.host(posixpath.join(path, name))
            yield (name, _FOLDER if entry.is_dir() else _FILE, 0, entry.stat().st_size)

    def stat(self, path: str) -> tuple[int, ...]:
        found = self.host(path).stat()
        folder = stat.S_ISDIR(found.st_mode)
        times = (int(found.st_atime), int(found.st_mtime), int(found.st_ctime))
        return (
            _FOLDER if folder else _FILE,
            0,
            0,
            0,
            0,
            0,
            0 if folder else found.st_size,
            *times,
        )

    def statvfs(self, _path: str = "/") -> tuple[int, ...]:
        used = sum(
            -(-entry.stat().st_size // _BLOCK) if entry.is_file() else 1
            for entry in self.root.rglob("*")
        )
        free = max(0, self.blocks - used)
        return (_BLOCK, _BLOCK, self.blocks, free, free, 0, 0, 0, 0, 255)

    def mkdir(self, path: str) -> None:
        self.host(path).mkdir()

    def rmdir(self, path: str) -> None:
        self.host(path).rmdir()

    def remove(self, path: str) -> None:
        self.host(path).unlink()

    def rename(self, old: str, new: str) -> None:
        self.host(old).replace(self.host(new))
