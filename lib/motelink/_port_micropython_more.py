"""The seldom used part of `motelink.port` on MicroPython: TLS, the machine itself, and what tests
measure the heap with."""

from binascii import a2b_base64
from gc import mem_alloc  # noqa: F401
from os import urandom  # noqa: F401
from select import POLLERR, POLLHUP
from select import POLLIN as POLL_IN  # noqa: F401
from select import POLLOUT as POLL_OUT  # noqa: F401

import machine
import tls
from micropython import heap_lock, heap_unlock  # noqa: F401

RUNTIME = "micropython"
POLL_BROKEN = POLLERR | POLLHUP


def unique_id() -> bytes:
    """What tells this board from every other."""
    return machine.unique_id()


def reset() -> None:
    """Reset the board as if power had been cycled."""
    machine.reset()


def tls_context(ca=None, verify=True, cert=None, key=None):
    """A TLS client context. ``ca``, ``cert``, ``key``: names of PEM or DER files, or DER bytes.

    Verifies the server unless ``verify`` is False. MicroPython has no certificate store, so
    verifying needs ``ca``. Raises ValueError without one.
    """
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.verify_mode = tls.CERT_NONE
    elif ca is None:
        raise ValueError(
            "TLS verifies the server: give ca=, the file of its certificate authority"
        )
    else:
        context.verify_mode = tls.CERT_REQUIRED
        for der in _ders(ca):
            context.load_verify_locations(der)
    if cert is not None:
        context.load_cert_chain(_ders(cert)[0], _ders(key)[0])
    return context


def _ders(source) -> list:
    if not isinstance(source, str):
        return [source]
    with open(source, "rb") as file:
        data = file.read()
    if b"-----BEGIN" not in data:
        return [data]
    found = []
    for block in data.split(b"-----BEGIN")[1:]:
        found.append(a2b_base64(block.split(b"-----")[1]))
    return found


def tls_wrap(sock, context, host: str):
    """A TLS socket over a connected one; its handshake runs inside readinto and write."""
    return context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)


def why_refused(error: Exception):
    """Why the server's certificate was refused, or None: that was not the error."""
    # A ValueError with mbedTLS's reasons, one a line, or its X509_CERT_VERIFY_FAILED.
    if isinstance(error, ValueError) or error.errno == -0x2700:
        return str(error).strip().replace("\n", "; ")
    return None


def getenv(_key: str) -> None:
    """CircuitPython's settings.toml; MicroPython has none."""
