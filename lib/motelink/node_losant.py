"""Losant for `motelink.node`: settings ``losant_device``, ``losant_key``, ``losant_secret``,
``losant_host`` (the platform's), ``losant_port``, ``losant_secure`` (true), ``losant_ca`` (a
file), ``losant_interval``.

Sensors are attributes of one state; commands have the names of the node's.
"""

from motelink.losant import Device
from motelink.losant_state import StateWriter


class Losant:
    """``client``: the `motelink.mqtt.Client` of ``device``, a `motelink.losant.Device`."""

    name = "losant"

    def __init__(self, node):
        settings = node.settings
        self.node = node
        self.device = Device(
            settings.text("losant_device"),
            settings.text("losant_key"),
            settings.text("losant_secret"),
            settings.flag("losant_secure", True),
            host=settings.text("losant_host", None),
            port=settings.integer("losant_port", 0),
            ca=settings.text("losant_ca", None),
            clock=node.clock,
            rx_size=512,
            tx_size=512,
        )
        self.client = self.device.client
        self.device.add_event_observer("command", self.command)
        sensors = [(sensor.name, sensor.decimals) for sensor in node.sensors]
        self.writer = StateWriter(self.device, *sensors)
        node.every(settings.integer("losant_interval", 1000), self.tell)

    def tell(self):
        """Send the state."""
        for i in range(len(self.node.sensors)):
            self.writer[i] = self.node.sensors[i].value
        self.writer.send()

    def command(self, _device, command):
        """Losant's words are the node's."""
        self.node.command(command["name"], command.get("payload"))


join = Losant
