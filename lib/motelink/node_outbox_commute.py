"""The outbox of a node's IoT Commute, see `motelink.node_outbox`: of sensors that changed."""

from motelink.commute_outbox import Forwarder
from motelink.node_outbox_changes import Changes


def join(node, platform, box):
    """Keep its states."""
    forwarder = Forwarder(platform.client, box)
    Changes(node, platform, lambda sensor: forwarder.send_message(sensor.name, sensor.scaled()))
    node.loop.add(forwarder)
    return forwarder
