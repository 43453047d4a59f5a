"""Platforms that have ended for good, as where credentials are refused, try again in an hour,
while others work. Where all have ended `motelink.node_guard` restarts the board.
"""

from motelink.port import const

_ENDED = const(4)  # Link's
_HOUR_MS = const(3600000)


class Again:
    """Looks once an hour. Allocates nothing where all is well."""

    def __init__(self, node):
        self.node = node
        node.every(_HOUR_MS, self.look)

    def look(self) -> None:
        """Let each that has ended, and not because it was told to, begin anew."""
        for platform in self.node.platforms:
            client = platform.client
            if client.state == _ENDED and getattr(client.last_error, "final", False):
                client.last_error = None  # who ends it later may mean it
                client.reconnect()
                self.node.loop.add(client)
                if hasattr(platform, "connector"):  # SEPL's has deadlines of its own
                    self.node.loop.add(platform.connector)
