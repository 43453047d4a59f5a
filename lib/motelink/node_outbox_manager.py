"""The outbox of a node's iot-manager, see `motelink.node_outbox`: of the lines that it sends. All
sensors that have changed must fit into one record.
"""

from motelink.manager_outbox import Forwarder


def join(node, platform, box):
    """Keep its lines."""
    forwarder = Forwarder(platform.client, box)
    node.loop.add(forwarder)
    return forwarder
