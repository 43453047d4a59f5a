"""What the operating system grants a process: open files, memory."""

import resource
from pathlib import Path

from motelink_tools.errors import ToolError

# Interpreter, logs, pipes, the loop's own.
_OTHER_FILES = 64
# Of a server, and of the brokers that inherit it.
_SERVER_FILES = 16_384


def allow_devices() -> None:
    """As many open files as a server may want: shells begin with 1024, and each device is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _SERVER_FILES if hard == resource.RLIM_INFINITY else min(hard, _SERVER_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def allow_open_files(sockets: int) -> None:
    """Raise the soft limit so that ``sockets`` fit. Raises ToolError if the hard one is lower."""
    needed = sockets + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise ToolError(
                f"{sockets} connections need {needed} open files, this system allows {hard}; "
                "ask for fewer clients, or raise the limit (ulimit -Hn)",
                kind="open_files",
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def resident_bytes() -> int:
    """The memory that this process occupies now (on systems without /proc: at its peak)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()
