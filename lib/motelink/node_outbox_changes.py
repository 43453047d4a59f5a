"""Tells a platform of the sensors that have changed, whether it is there or not: `motelink.node_*`
wait until it is.
"""


class Changes:
    """Takes the place of ``platform.tell``. ``keep(sensor)``: whether its value is in flash."""

    def __init__(self, node, platform, keep):
        self.sensors = node.sensors
        self.keep = keep
        self.told = [None] * len(node.sensors)
        replace(node, platform, self.tell)

    def tell(self):
        """Keep what has changed."""
        for i in range(len(self.told)):
            sensor = self.sensors[i]
            if sensor.value != self.told[i] and self.keep(sensor):
                self.told[i] = sensor.value


def replace(node, platform, tell) -> None:
    """The timer of a platform calls this from now on."""
    for client in node.loop.clients:
        if getattr(client, "handler", None) == platform.tell:
            client.handler = tell
    platform.tell = tell
