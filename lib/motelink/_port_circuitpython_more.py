"""The seldom used part of `motelink.port` on CircuitPython: TLS, the machine itself, and what
tests measure the heap with."""

import os
import ssl
from binascii import b2a_base64
from gc import mem_alloc  # noqa: F401

import microcontroller

from motelink._port_circuitpython import Stream


def unique_id() -> bytes:
    return bytes(microcontroller.cpu.uid)


def reset() -> None:
    """Reset the board as if power had been cycled."""
    microcontroller.reset()


def getenv(key: str):
    """A string or integer of settings.toml; None for what the runtime cannot read."""
    try:
        return os.getenv(key)
    except ValueError:  # a float, a boolean: TOML, but not CircuitPython's
        return None


def tls_context(ca=None, verify=True, cert=None, key=None):
    """A TLS client context; without ``ca`` the authorities in the firmware are trusted.

    ``ca``: the name of a PEM or DER file, or DER bytes; one certificate, the runtime takes no
    more. ``cert``, ``key``: names of PEM files. Raises ValueError for several certificates.
    """
    context = ssl.create_default_context()
    if not verify:
        context.load_verify_locations(cadata="")  # nothing to verify by: the runtime then does not
    elif ca is not None:
        context.load_verify_locations(cadata=_pem(ca))
    if cert is not None:
        context.load_cert_chain(cert, key)
    return context


def _pem(source) -> str:
    if isinstance(source, str):
        with open(source, "rb") as file:
            source = file.read()
        count = source.count(b"-----BEGIN")
        if count > 1:
            raise ValueError("ca= takes one certificate, got %d" % count)
        if count:
            return source.decode()
    text = b2a_base64(source).decode()
    return "-----BEGIN CERTIFICATE-----\n" + text + "-----END CERTIFICATE-----\n"


def tls_wrap(stream, context, host: str):
    """A TLS stream over a connected one; its handshake runs inside readinto and write."""
    return Stream(context.wrap_socket(stream.sock, server_hostname=host))


def why_refused(error: Exception):
    """Why the server's certificate was refused, or None: that was not the error."""
    # mbedTLS's X509_CERT_VERIFY_FAILED
    return str(error) if isinstance(error, OSError) and error.errno == -0x2700 else None


def heap_lock() -> None:
    """CircuitPython cannot lock its heap."""


def heap_unlock() -> None:
    """So there is nothing to unlock."""
