"""The outbox of a node's SEPL, see `motelink.node_outbox`: of events of sensors that changed."""

from motelink.node_outbox_changes import Changes
from motelink.sepl_outbox import Forwarder


def join(node, platform, box):
    """Keep its events."""
    forwarder = Forwarder(platform.connector, box)
    device = platform.device
    Changes(
        node,
        platform,
        lambda sensor: forwarder.event(device, sensor.name, sensor.scaled()),
    )
    node.loop.add(forwarder)
    return forwarder
