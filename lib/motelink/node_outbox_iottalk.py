"""The outbox of a node's IoTtalk, see `motelink.node_outbox`: of each value of a sensor."""

from motelink.iottalk_outbox import Forwarder


def join(node, platform, box):
    """Keep its values: its pusher reads for features that keep them."""
    always = node.settings.flag("outbox_always", False)
    forwarder = Forwarder(platform.client, box, 2, always)
    for client in node.loop.clients:
        for push in getattr(client, "_pushes", ()):
            push.feature = forwarder.idf[platform.client.idf.index(push.feature)]
    node.loop.add(forwarder)
    return forwarder
