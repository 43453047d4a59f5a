"""What `motelink.node_manager` does once a connection, or less often. Dropped behind it."""

from motelink.manager import Client


def make(platform):
    """Its client. Raises ConfigError."""
    from motelink.identity import board_uuid  # dropped when the node has started

    node = platform.node
    settings = node.settings
    client = Client(
        settings.text("manager_host"),
        settings.text("manager_uuid", "") or board_uuid(),
        settings.text("manager_type", node.name),
        {},
        port=settings.integer("manager_port", 8595),
        framing=settings.text("manager_framing", "raw"),
        tls=settings.flag("manager_tls", False) and settings.text("manager_ca", True),
    )
    client.on_getinfo = platform.describe
    client.on_message = platform.message
    node.every(settings.integer("manager_interval", 60000), platform.tell)
    return client


def describe(platform) -> None:
    """See `motelink.node_manager.Manager.describe`."""
    node = platform.node
    data = node.report()
    data["name"] = node.name
    data["connects"] = platform.client.connects
    for sensor in node.sensors:
        data[sensor.name] = sensor.scaled()
    platform.client.set_data(data)
