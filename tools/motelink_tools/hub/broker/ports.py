"""TCP ports that a broker is to listen on."""

import errno
import random
import socket

from motelink_tools.errors import ToolError

# Systems lend ports from 32768 (Linux) or 49152 on to whoever connects: one of those is gone
# again before a broker has it, and a client that comes back while its broker is away may even be
# connected to itself there.
_FREE = range(20_000, 32_768)
_TRIES = 100


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on just now. Raises ToolError, if the host is none of ours."""
    for port in random.sample(_FREE, _TRIES):
        try:
            _bound(host, port).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _cannot_listen(host, error) from error
        else:
            return port
    raise ToolError(f"no port is free on {host}", kind="cannot_listen")


def _bound(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    probe = socket.socket(family)
    try:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
    except BaseException:
        probe.close()
        raise
    return probe


def check_free(host: str, port: int) -> None:
    """Raises ToolError. Another server there would be taken for ours."""
    try:
        _bound(host, port).close()
    except OSError as error:
        raise ToolError(
            f"the broker cannot listen on {host}:{port}: {error.strerror}; choose another port"
            " (0: any that is free) or address",
            kind="cannot_listen",
        ) from error


def address_of(host: str) -> tuple[str, str]:
    """The address that a name stands for, and "ipv4" or "ipv6". Raises ToolError."""
    try:
        family, *_, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise _cannot_listen(host, error) from error
    return str(address[0]), "ipv6" if family == socket.AF_INET6 else "ipv4"


def _cannot_listen(host: str, error: OSError) -> ToolError:
    return ToolError(f"the broker cannot listen on {host}: {error.strerror}", kind="cannot_listen")


def accepts(host: str, port: int) -> bool:
    """Does a server listen there?"""
    try:
        socket.create_connection((from_here(host), port), timeout=1).close()
    except OSError:
        return False
    return True


def from_here(host: str) -> str:
    """Where this machine reaches what listens on ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def from_elsewhere(host: str) -> str:
    """Where other machines reach what listens on ``host``: for all addresses, our main one."""
    family = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}.get(host)
    if family is None:
        return host
    nowhere = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}[family]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((nowhere, 9))  # chooses a way out, and sends nothing
        except OSError:
            return from_here(host)  # no network
        found: str = probe.getsockname()[0]
        return found
