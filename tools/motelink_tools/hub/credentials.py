"""Secrets of devices and users; a database keeps only salted hashes (scrypt, RFC 7914)."""

import hashlib
import hmac
import secrets

# 4 MiB and about 10 ms: a fleet that comes back at once must not wait for it.
_COST = 2**12


def new_secret() -> str:
    """24 characters for URLs and configuration files: 144 random bits."""
    return secrets.token_urlsafe(18)


def hashed(secret: str) -> str:
    """What a database keeps of it."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_scrypt(secret, salt).hex()}"


def matches(secret: str, stored: str) -> bool:
    """Whether it is the one; takes as long for a wrong one. ``stored`` "" matches nothing."""
    salt, _, digest = stored.partition(":")
    made = _scrypt(secret, bytes.fromhex(salt))
    return hmac.compare_digest(made, bytes.fromhex(digest))


def _scrypt(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=_COST, r=8, p=1, dklen=32)
