"""Who an IoTtalk device is, and where its server.

`motelink.iottalk` loads this once, and drops it.
"""

from binascii import hexlify

from motelink import port
from motelink.errors import ConfigError
from motelink.iottalk_csm import host_of

_FILE = "iottalk.id"


def introduce(url: str, model: str, id) -> tuple:  # noqa: A002 - the protocol's word
    """The server's URL without user, password (they are never sent, and must not reach a log) and
    a slash at its end, its host, and our id. Raises ConfigError."""
    if not model or not isinstance(model, str):
        raise ConfigError("expected a device model, got %r" % (model,))
    if not isinstance(url, str) or url.split("://")[0] not in ("http", "https"):
        raise ConfigError("expected http://host:9992, got %r" % str(url).split("@")[-1])
    scheme, _, place = url.partition("://")
    place, slash, path = place.rstrip("/").partition("/")
    url = scheme + "://" + place.split("@")[-1] + slash + path
    return url, host_of(url), canonical(id) if id else _kept()


def canonical(id) -> str:  # noqa: A002 - the protocol's word
    """A UUID in any form that Python's knows, or a MAC address, as the server wants it.

    Raises ConfigError.
    """
    digits = str(id).strip().lower()
    for prefix in ("urn:", "uuid:", "0x"):
        if digits.startswith(prefix):
            digits = digits[len(prefix) :]
    for char in "{}-:":
        digits = digits.replace(char, "")
    if not 0 < len(digits) <= 32 or not all(char in "0123456789abcdef" for char in digits):
        raise ConfigError("expected a UUID or a MAC address, got %r" % (id,))
    return _dashed("0" * (32 - len(digits)) + digits)


def _dashed(digits: str) -> str:
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def _kept() -> str:
    """The id from flash, made and written there first if it is not; the board's own, which is
    always the same, where nothing can be written."""
    from motelink import storage

    try:
        data = storage.read(_FILE)
        try:
            return canonical(data.decode())
        except (AttributeError, ValueError, ConfigError):
            pass  # there is none, or what is there is none
        digest = bytearray(port.urandom(16))
        digest[6] = digest[6] & 0x0F | 0x40  # version 4, RFC 9562
        digest[8] = digest[8] & 0x3F | 0x80
        made = _dashed(hexlify(bytes(digest)).decode())
        storage.write(_FILE, made)
    except OSError:
        from motelink import identity

        made = identity.board_uuid("iottalk")
        port.forget("identity")
    finally:
        port.forget("storage")
    return made
