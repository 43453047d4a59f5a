"""Passwords as mosquitto 2 keeps them: ``$7$rounds$salt$hash``, PBKDF2 with SHA-512.

Made here, so that no password is ever a program's argument or a file's content.
"""

import base64
import hashlib
import hmac
import os

# The broker is one thread: each costs it a millisecond when a client connects.
_ROUNDS = 1000
_SALT_BYTES = 12


class Hashed(str):
    """A password that was hashed already. `Broker.grant` takes it as it takes a password."""

    __slots__ = ()


def hash_password(password: str) -> Hashed:
    """What may be stored of it. A Hashed comes back as it is."""
    if isinstance(password, Hashed):
        return password
    salt = os.urandom(_SALT_BYTES)
    return Hashed(f"$7${_ROUNDS}${_text(salt)}${_text(_derive(password, salt, _ROUNDS))}")


def check_password(password: str, hashed: str) -> bool:
    """Is this the password of which ``hashed`` was made?"""
    _, _, rounds, salt, expected = hashed.split("$")
    made = _derive(password, base64.b64decode(salt), int(rounds))
    return hmac.compare_digest(made, base64.b64decode(expected))


def _derive(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
