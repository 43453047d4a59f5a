"""TCP ports that a broker is to listen on."""

import socket

from motelink_tools.errors import ToolError


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on just now."""
    with _bound(host, 0) as probe:
        port: int = probe.getsockname()[1]
        return port


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


def accepts(host: str, port: int) -> bool:
    """Does a server listen there?"""
    # Whoever listens on all addresses is reached at this machine's own.
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        socket.create_connection((reached, port), timeout=1).close()
    except OSError:
        return False
    return True
