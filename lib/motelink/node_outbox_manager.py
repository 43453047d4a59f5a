"""The outbox of a node's iot-manager, see `motelink.node_outbox`: of sensors that changed, in a
message each.
"""

import json

from motelink.manager_outbox import Forwarder
from motelink.node_outbox_changes import Changes


def join(node, platform, box):
    """Keep its lines."""
    forwarder = Forwarder(platform.client, box)
    Changes(
        node,
        platform,
        lambda sensor: forwarder.send("%s %s" % (sensor.name, json.dumps(sensor.scaled()))),
    )
    node.loop.add(forwarder)
    return forwarder
