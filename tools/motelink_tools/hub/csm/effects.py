"""What the core wants done. It has no socket: whoever drives it takes this and does it."""

from __future__ import annotations

from dataclasses import dataclass, field

from motelink_tools.hub.csm.model import GraphKey
from motelink_tools.hub.csm.wire import Publish


@dataclass(slots=True)
class Effects:
    """All in the order in which it came up.

    ``publish``: messages to send. ``presence``: devices that came (True) or left. ``gone``: those
    deregistered. ``changed``: graphs whose workers must start anew. ``watched``: graphs whose
    monitor changed.
    """

    publish: list[Publish] = field(default_factory=list)
    presence: list[tuple[str, bool]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    changed: dict[GraphKey, None] = field(default_factory=dict)
    watched: dict[GraphKey, None] = field(default_factory=dict)

    def take(self) -> Effects:
        """All that has come up since the last call."""
        taken = Effects(self.publish, self.presence, self.gone, self.changed, self.watched)
        self.publish, self.presence, self.gone = [], [], []
        self.changed, self.watched = {}, {}
        return taken
