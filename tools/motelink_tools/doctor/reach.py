"""Whether this machine reaches a server, and whether a board will trust its certificate."""

import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

from motelink_tools.doctor.endpoints import Endpoint
from motelink_tools.doctor.findings import Finding, note, ok, wrong

_CONNECT_S = 5.0
_SOON_DAYS = 30
_DAY_S = 86400
# OpenSSL's X509_V_FLAG_NO_CHECK_TIME: the chain, whatever the date; ssl has no name for it.
_NO_CHECK_TIME = 0x200000
_RENEW = "renew it on the server"


def from_host(endpoint: Endpoint) -> Finding:
    """TCP, and with TLS a handshake that trusts anybody."""
    check = f"{endpoint.platform}.host"
    began = time.monotonic()
    try:
        with _connected(endpoint) as sock:
            if endpoint.tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                with context.wrap_socket(sock, server_hostname=endpoint.host):
                    pass
    except socket.gaierror as error:
        return wrong(
            check,
            f"{endpoint.host} has no address here: {error.strerror}",
            f"check {endpoint.setting} and this machine's network",
        )
    except (ssl.SSLError, ConnectionResetError, TimeoutError) as error:
        return wrong(check, *_no_answer(endpoint, error))
    except OSError as error:
        return wrong(
            check,
            f"{endpoint} cannot be reached from this machine: {error.strerror or error}",
            _start_it(endpoint),
        )
    ms = (time.monotonic() - began) * 1000
    return ok(check, f"{endpoint} answers this machine{_with(endpoint)} ({ms:.0f} ms)")


def _start_it(endpoint: Endpoint) -> str:
    if endpoint.is_loopback:
        return "start the server; motelink hub serves every platform here"
    return f"is the server running? check {endpoint.setting} and its port"


def _no_answer(endpoint: Endpoint, error: OSError) -> tuple[str, str]:
    if endpoint.tls and not isinstance(error, TimeoutError):
        says = f"{endpoint} does not speak TLS: {_reason(error)}"
        return says, f"check the port, or {endpoint.switch}"
    return (
        f"{endpoint} does not answer this machine within {_CONNECT_S:g} s",
        f"check {endpoint.setting}, its port, and firewalls",
    )


def certificate(endpoint: Endpoint, authority: bytes | None) -> Iterator[Finding]:
    """What a board thinks of the server's certificate, by the authority that lies on the board.
    Raises OSError where the server cannot be reached."""
    check = f"{endpoint.platform}.certificate"
    if authority is None:
        yield wrong(check, *_no_authority(endpoint))
        return
    try:
        context = _trusting(authority)
    except (ssl.SSLError, ValueError):
        yield wrong(
            check, f"{endpoint.ca} on the board is no certificate", "flash a PEM or DER file"
        )
        return
    try:
        found = _shown(endpoint, context)
    except ssl.SSLCertVerificationError as error:
        yield wrong(
            check,
            f"{endpoint}: its certificate is not of the authority in {endpoint.ca}: "
            f"{error.verify_message}",
            "flash the certificate of the authority that signed the server's",
        )
        return
    yield _dated(check, endpoint, found)
    context.check_hostname = True
    try:
        _shown(endpoint, context)
    except ssl.SSLCertVerificationError:
        names = ", ".join(name for _, name in found.get("subjectAltName", ())) or "no host"
        yield wrong(
            check,
            f"the certificate is of {names}, and not of {endpoint.host}",
            f"put a name of these in {endpoint.setting}, or have the server's made for it",
        )


def _no_authority(endpoint: Endpoint) -> tuple[str, str]:
    setting = f"{endpoint.platform}_ca"
    if endpoint.ca:
        return (
            f"the board has no file {endpoint.ca}",
            f"put it where {setting} says, and motelink flash",
        )
    return (
        f"MicroPython trusts nobody by itself, and {setting} is not set",
        f"name the certificate of the server's authority in {setting}; motelink flash sends it",
    )


def _dated(check: str, endpoint: Endpoint, found: Any) -> Finding:
    now = time.time()
    since = ssl.cert_time_to_seconds(found["notBefore"])
    until = ssl.cert_time_to_seconds(found["notAfter"])
    day = time.strftime("%Y-%m-%d", time.gmtime(until))
    days = (until - now) / _DAY_S
    if now > until:
        return wrong(check, f"the certificate of {endpoint} has expired, on {day}", _RENEW)
    if now < since:
        return wrong(check, f"the certificate of {endpoint} is not valid yet", _RENEW)
    if days < _SOON_DAYS:
        return note(
            check, f"the certificate of {endpoint} ends in {days:.0f} days, on {day}", _RENEW
        )
    return ok(check, f"signed by the authority on the board, valid until {day}")


def _trusting(authority: bytes) -> ssl.SSLContext:
    """As mbedTLS on a board verifies: against this certificate alone, root or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
    pem = b"-----BEGIN" in authority
    context.load_verify_locations(cadata=authority.decode("ascii") if pem else authority)
    return context


def _shown(endpoint: Endpoint, context: ssl.SSLContext) -> Any:
    with (
        _connected(endpoint) as sock,
        context.wrap_socket(sock, server_hostname=endpoint.host) as secured,
    ):
        return secured.getpeercert()


def _connected(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection((endpoint.host, endpoint.port), _CONNECT_S)


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)


def _with(endpoint: Endpoint) -> str:
    return " with TLS" if endpoint.tls else ""
