"""The seldom used part of `motelink.port` on CPython: TLS and the machine itself."""

import ssl
import sys
import uuid

from motelink._port_cpython import Stream


def tls_context(ca=None, verify=True, cert=None, key=None):
    """A TLS client context; without ``ca`` the system's certificate store is trusted."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif isinstance(ca, str):
        context.load_verify_locations(cafile=ca)
    elif ca is not None:
        context.load_verify_locations(cadata=ca)
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


def tls_wrap(stream, context, host: str):
    wrapped = context.wrap_socket(stream.sock, server_hostname=host, do_handshake_on_connect=False)
    return Stream(wrapped)


def is_certificate_error(error: OSError) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError)


def unique_id() -> bytes:
    return uuid.getnode().to_bytes(6, "big")


def reset() -> None:
    """A process cannot reset a board; it ends, and whoever supervises it starts it again."""
    sys.exit("reset")


def getenv(_key: str) -> None:
    """CircuitPython's settings.toml; CPython has none."""
