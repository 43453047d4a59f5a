"""``os`` as a board has it: no host environment, no processes, but ``uname`` and ``sync``."""

import sys
from collections import namedtuple
from os import (  # noqa: F401
    chdir,
    getcwd,
    ilistdir,
    listdir,
    mkdir,
    mount,
    remove,
    rename,
    rmdir,
    stat,
    statvfs,
    umount,
    unlink,
    urandom,
)

__name__ = "os"
_platform = "esp32"
_Uname = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))


def uname():
    release = "%d.%d.%d" % sys.implementation.version[:3]
    version = sys.version.split("; ")[-1]
    return _Uname(_platform, _platform, release, version, sys.implementation._machine)


def sync():
    """Writes go to the host at once."""
