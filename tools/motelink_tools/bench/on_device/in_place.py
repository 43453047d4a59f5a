# mypy: ignore-errors
"""Another program of this folder, with the library run in place from a ROMFS as boards map it
into memory: ``IMAGE PROGRAM [ARGUMENT ...]``."""

import sys

import vfs


def mount(image):
    with open(image, "rb") as file:
        content = file.read()  # in flash on a board: it is allocated before anything is counted
    vfs.mount(vfs.VfsRom(content), "/rom")
    sys.path.insert(0, "/rom")


image, program = sys.argv[1:3]
mount(image)
sys.argv[:] = sys.argv[2:]
__import__(program)
