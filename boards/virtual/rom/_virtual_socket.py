"""``socket`` as a board has it: the host's, as far as the faults around the board let it."""

from socket import *  # noqa: F403
from socket import getaddrinfo as _getaddrinfo

import _virtual_faults

__name__ = "socket"


def getaddrinfo(host, port, *rest):
    _virtual_faults.look_up(host)
    return _getaddrinfo(host, port, *rest)
