"""The errors of motelink: one tree under OSError, so that ``except OSError`` around network code
catches them all.

Every message is one line that says what was expected, what came and from whom, with no secret in
it. ``final`` tells a supervisor whether trying again can help.
"""


class LinkError(OSError):
    """Base of everything motelink raises about a link."""

    final = False


class ConnectionLost(LinkError):
    """The connection ended, or could not be made."""


class TimedOut(LinkError):
    """A deadline passed: DNS, connect, handshake, or an acknowledgement."""


class ProtocolError(LinkError):
    """The other side sent something its protocol does not allow."""


class AuthError(LinkError):
    """Credentials refused. Final: raised to the caller, never retried in a loop."""

    final = True


class TooLarge(LinkError):
    """Something does not fit into the fixed buffer meant for it."""


class ConfigError(LinkError):
    """A setting is missing or wrong. Final: only a person can mend it."""

    final = True
