"""Small files that survive a power cut: whole as they were before, or whole as they are now.

    storage.write("losant.id", b"...")
    data = storage.read("losant.id")        # None where there is none

The new content is written beside the file and takes its name only when it is complete. LittleFS
and POSIX rename over the old file in one step; FAT does not, so there the old one steps aside
first, and `read` finds it there if the power went between the two steps.
"""

from motelink import port

files = port.load("_files")


def write(path: str, data) -> None:
    """Replace the file, or make it: ``data`` is bytes or a str. Raises OSError."""
    new = path + ".new"
    with open(new, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
        files.sync(file)
    try:
        files.rename(new, path)
    except OSError:
        old = path + ".old"
        _remove(old)
        files.rename(path, old)
        files.rename(new, path)
        _remove(old)


def read(path: str):
    """The bytes of the file, or None where there is none. Raises OSError for any other trouble."""
    for name in (path, path + ".old"):
        try:
            with open(name, "rb") as file:
                return file.read()
        except OSError as error:
            if error.errno != 2:  # ENOENT
                raise
    return None


def remove(path: str) -> None:
    """Remove the file, and what a power cut may have left of it."""
    for name in (path, path + ".old", path + ".new"):
        _remove(name)


def _remove(path: str) -> None:
    try:
        files.remove(path)
    except OSError as error:
        if error.errno != 2:
            raise
