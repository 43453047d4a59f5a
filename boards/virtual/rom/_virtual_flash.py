"""The file system of the virtual board: a folder of the host that is as small as a board's flash.

Sizes are counted in blocks of 4 KiB, as littlefs does: a file takes whole blocks, a folder takes
two. A write that does not fit writes what does and raises OSError(ENOSPC), in the middle of the
write, as on a board. Every byte that the firmware writes passes through `Writer.write`.
"""

import io
from errno import EINVAL, ENOENT

import _virtual_faults as faults
import vfs

BLOCK = 4096
_ENOSPC = 28  # not in MicroPython's errno
_FOLDER_BLOCKS = 2
_IS_FOLDER = 0x4000
_IS_FILE = 0x8000
_HIDDEN = ".board"  # in it the chip keeps its settings, which are not in its file system
_SETTINGS = "/" + _HIDDEN + "/"


def _blocks(size):
    return (size + BLOCK - 1) // BLOCK


class Flash:
    """Mount it at "/". ``size`` in bytes; what is in the folder already is counted once, here."""

    def __init__(self, folder, size):
        self._host = vfs.VfsPosix(folder)
        # A rooted VfsPosix builds both names of a rename in one buffer, and so renames the new
        # one to itself. One without a root takes the host's paths as they are.
        self._rootless = vfs.VfsPosix()
        self._folder = folder
        self._cwd = "/"
        self._total = size // BLOCK
        self._free = self._total - self._count("/")

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def open(self, path, mode):
        path = self._absolute(path)
        if path.startswith(_SETTINGS):
            return self._open_settings(path, mode)
        if "r" in mode and "+" not in mode:
            return self._host.open(path, mode)
        size = self._size(path)
        binary = mode if "b" in mode else mode + "b"
        file = self._host.open(path, binary)
        if "w" in mode:
            self._free += _blocks(size)
            size = 0
        return Writer(self, file, size, size if "a" in mode else 0, "b" not in mode)

    def grow(self, size, end):
        """A file of ``size`` bytes has become ``end`` bytes long."""
        self._free -= _blocks(end) - _blocks(size)

    def limit(self, size):
        """How long a file of ``size`` bytes can become."""
        return (_blocks(size) + self._left()) * BLOCK

    def _left(self):
        """Free blocks."""
        return 0 if faults.page[faults.FULL_FS] else max(0, self._free)

    def chdir(self, path):
        path = self._absolute(path)
        if path != "/" and not self._host.stat(path)[0] & _IS_FOLDER:
            raise OSError(ENOENT)
        self._cwd = path

    def getcwd(self):
        return self._cwd

    def ilistdir(self, path):
        path = self._absolute(path)
        base = path if path == "/" else path + "/"
        for entry in self._host.ilistdir(path):
            if entry[0] == _HIDDEN:
                continue
            size = 0 if entry[1] == _IS_FOLDER else self._size(base + entry[0])
            yield (entry[0], entry[1], 0, size)

    def mkdir(self, path):
        path = self._absolute(path)
        if self._left() < _FOLDER_BLOCKS and not self._exists(path):
            raise OSError(_ENOSPC)
        self._host.mkdir(path)
        self._free -= _FOLDER_BLOCKS

    def rmdir(self, path):
        path = self._absolute(path)
        if path == "/":
            raise OSError(EINVAL)
        self._host.rmdir(path)
        self._free += _FOLDER_BLOCKS

    def remove(self, path):
        path = self._absolute(path)
        size = self._size(path)
        self._host.remove(path)
        self._free += _blocks(size)

    def rename(self, old, new):
        new = self._absolute(new)
        size = self._size(new)
        self._rootless.rename(self._folder + self._absolute(old), self._folder + new)
        self._free += _blocks(size)

    def stat(self, path):
        found = self._host.stat(self._absolute(path))
        if found[0] & _IS_FOLDER:
            kind, size = _IS_FOLDER, 0
        else:
            kind, size = _IS_FILE, found[6]
        return (kind, 0, 0, 0, 0, 0, size, found[7], found[8], found[9])

    def statvfs(self, path):  # noqa: ARG002 one file system
        free = self._left()
        return (BLOCK, BLOCK, self._total, free, free, 0, 0, 0, 0, 255)

    def _open_settings(self, path, mode):
        if "w" in mode:
            try:
                self._host.mkdir("/" + _HIDDEN)
            except OSError:  # not the first time
                pass
        return self._host.open(path, mode)

    def _absolute(self, path):
        """From the root, and never above it."""
        if not path.startswith("/"):
            path = self._cwd + "/" + path
        parts = []
        for part in path.split("/"):
            if part == "..":
                if parts:
                    parts.pop()
            elif part and part != ".":
                parts.append(part)
        return "/" + "/".join(parts)

    def _exists(self, path):
        try:
            self._host.stat(path)
        except OSError:
            return False
        return True

    def _size(self, path):
        """0 for what is not there."""
        try:
            found = self._host.stat(path)
        except OSError:
            return 0
        return 0 if found[0] & _IS_FOLDER else found[6]

    def _count(self, folder):
        used = _FOLDER_BLOCKS
        for entry in self.ilistdir(folder):
            path = folder + entry[0] if folder == "/" else folder + "/" + entry[0]
            used += self._count(path) if entry[1] == _IS_FOLDER else _blocks(entry[3])
        return used


class Writer(io.IOBase):
    """A file opened for writing. ``size`` and ``at`` in bytes."""

    def __init__(self, flash, file, size, at, text):
        self._flash = flash
        self._file = file
        self._size = size
        self._at = at
        self._text = text

    def write(self, data, *n):
        if n:
            data = memoryview(data)[: n[0]]
        # An element has at most 8 bytes, a character 4, so near the end only is a copy needed.
        room = self._flash.limit(self._size) - self._at
        whole = True
        if 8 * len(data) > room:
            data = data.encode() if isinstance(data, str) else bytes(data)
            whole = len(data) <= room
            if not whole:
                data = data[:room]
        if faults.page[faults.BROWN_OUT]:
            n = faults.brown_out(self._file.write, data)
        else:
            n = self._file.write(data)
        self._at += n
        if self._at > self._size:
            self._flash.grow(self._size, self._at)
            self._size = self._at
        if not whole:
            raise OSError(_ENOSPC)
        return n

    def read(self, n=-1):
        data = self._file.read(n)
        self._at += len(data)
        return data.decode() if self._text else data

    def readinto(self, buf, *n):
        n = self._file.readinto(buf, *n)
        self._at += n or 0
        return n

    def readline(self, *n):
        line = self._file.readline(*n)
        self._at += len(line)
        return line.decode() if self._text else line

    def seek(self, offset, whence=0):
        self._at = self._file.seek(offset, whence)
        return self._at

    def tell(self):
        return self._at

    def flush(self):
        self._file.flush()

    def close(self):
        self._file.close()

    def ioctl(self, request, argument):  # noqa: ARG002 the stream protocol
        if request == 1:
            self.flush()
        elif request == 4:
            self.close()
        else:
            return -EINVAL
        return 0

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
