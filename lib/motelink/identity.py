"""Who this board is: a UUID made from what the chip says of itself, so it needs no storage."""

from hashlib import sha256

from motelink import port


def board_uuid(name: str = "") -> str:
    """The UUID of this board, canonical, 36 characters; the same at every boot.

    ``name`` tells several devices on one board apart. A version 8 UUID (RFC 9562, 5.8) of the
    SHA-256 of `port.unique_id` and ``name``. Allocates about 300 bytes.
    """
    digest = bytearray(sha256(port.unique_id() + name.encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = "".join(["%02x" % byte for byte in digest])
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])
