"""IoT Commute for `motelink.node`: settings ``commute_device``, ``commute_key``, ``commute_root``,
``commute_ca`` (for a root of wss: the file of the server's authority), ``commute_interval``.

Sensors that have changed go out as states of their names; ticks are commands of their sensors'
names. Allocates nothing for sensors without decimals.
"""

import json

from motelink.commute_pair import Pair
from motelink.commute_put import Put


class Commute:
    """``client``: the `motelink.commute_pair.Pair`."""

    name = "commute"

    def __init__(self, node):
        settings = node.settings
        self.node = node
        self.client = Pair(
            settings.text("commute_device"),
            settings.text("commute_key"),
            "device",
            settings.text("commute_root", "ws://127.0.0.1/ws"),
            tls=settings.text("commute_ca", True),
        )
        self.client.on_tick = self.tick
        self.puts = [Put(self.client, sensor.name) for sensor in node.sensors]
        self.told = [None] * len(node.sensors)
        node.every(settings.integer("commute_interval", 1000), self.tell)

    def tell(self):
        """Send what has changed."""
        if self.client.connected:
            for i in range(len(self.told)):
                sensor = self.node.sensors[i]
                if sensor.value != self.told[i] and self.put(i, sensor):
                    self.told[i] = sensor.value

    def put(self, i, sensor) -> bool:
        """Send one."""
        if sensor.decimals or not isinstance(sensor.value, int):
            status = {"sensor": sensor.name, "value": sensor.scaled()}
            return self.client.send_text(json.dumps({"method": "put", "status": status}))
        return self.puts[i].send(sensor.value)

    def tick(self, tick):
        """Commute's sensors are the node's commands."""
        self.node.command(tick.get("sensor"), tick.get("value"))


join = Commute
