"""The outbox of a node's Losant, see `motelink.node_outbox`: of each state of the sensors."""

from motelink.errors import ConfigError
from motelink.losant_outbox import Forwarder


def join(node, platform, box):
    """Keep its states. Raises ConfigError where they are larger than a record."""
    forwarder = Forwarder(platform.device, box, 2, node.settings.flag("outbox_always", False))
    missing = platform.writer._text.limit - platform.device.limit
    if missing > 0:
        raise ConfigError("outbox_record: these sensors need %d bytes more" % missing)
    node.loop.add(forwarder)
    return forwarder
