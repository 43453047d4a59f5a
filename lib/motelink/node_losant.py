"""Losant for `motelink.node`: settings ``losant_device``, ``losant_key``, ``losant_secret``,
``losant_host`` (the platform's), ``losant_port``, ``losant_secure`` (true), ``losant_ca`` (a
file), ``losant_interval``.

Sensors are attributes of one state; commands have the names of the node's.
"""

from motelink import log
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
        # Not its observer: a node needs no dates, and so nothing that reads them, 4 KB.
        self.device.on_message = self.message
        sensors = [(sensor.name, sensor.decimals) for sensor in node.sensors]
        self.writer = StateWriter(self.device, *sensors)
        node.every(settings.integer("losant_interval", 1000), self.tell)

    def tell(self):
        """Send the state."""
        for i in range(len(self.node.sensors)):
            self.writer[i] = self.node.sensors[i].value
        self.writer.send()

    def message(self, message):
        """Losant's words are the node's."""
        if message.topic != self.device._commands:
            return
        try:
            command = message.json()
            name = command["name"]
        except (KeyError, TypeError, ValueError) as error:
            self.device.malformed += 1
            log.warning("%s: not a command: %s", self.client, error)
        else:
            self.node.command(name, command.get("payload"))


join = Losant
