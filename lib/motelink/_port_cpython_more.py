"""The seldom used part of `motelink.port` on CPython: TLS, the machine itself, and what tests
measure the heap with."""

import ssl
import sys
import uuid

from motelink._port_cpython import Stream


def tls_context(ca=None, verify=True, cert=None, key=None):
    """A TLS client context; without ``ca`` the system's certificate store is trusted.

    ``ca``: the name of a PEM or DER file, or DER bytes; ``cert``, ``key``: names of PEM files.
    """
    context = ssl.create_default_context(cadata=_loaded(ca))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


def _loaded(ca):
    if not isinstance(ca, str):
        return ca
    with open(ca, "rb") as file:
        data = file.read()
    return data.decode() if b"-----BEGIN" in data else data


def tls_wrap(stream, context, host: str):
    wrapped = context.wrap_socket(stream.sock, server_hostname=host, do_handshake_on_connect=False)
    return Stream(wrapped)


def why_refused(error: Exception) -> str | None:
    return error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else None


def unique_id() -> bytes:
    return uuid.getnode().to_bytes(6, "big")


def reset() -> None:
    """A process cannot reset a board; it ends, and whoever supervises it starts it again."""
    sys.exit("reset")


def getenv(_key: str) -> None:
    """CircuitPython's settings.toml; CPython has none."""


def mem_alloc() -> int:
    return 0


def heap_lock() -> None:
    pass


def heap_unlock() -> None:
    pass
