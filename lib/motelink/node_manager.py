"""iot-manager for `motelink.node`: settings ``manager_host``, ``manager_port`` (8595),
``manager_type`` (the node's name), ``manager_uuid`` (of the board), ``manager_framing`` ("raw"),
``manager_tls`` (false), ``manager_ca`` (the file of the server's authority), ``manager_interval``.

Sensors that have changed go out as lines ``NAME VALUE``, after a command at once. Messages
``NAME`` and ``NAME VALUE`` are commands, where VALUE is JSON, ``on``, ``off`` or any text. Answers
to getinfo have all sensors and what the board says of itself. Messages allocate their text.
"""

import json

from motelink.manager import Client

_WORDS = {"on": 1, "off": 0, "": None}


class Manager:
    """``client``: a `motelink.manager.Client`."""

    name = "manager"

    def __init__(self, node):
        from motelink.identity import board_uuid  # dropped when the node has started

        settings = node.settings
        self.node = node
        self.client = Client(
            settings.text("manager_host"),
            settings.text("manager_uuid", "") or board_uuid(),
            settings.text("manager_type", node.name),
            {},
            port=settings.integer("manager_port", 8595),
            framing=settings.text("manager_framing", "raw"),
            tls=settings.flag("manager_tls", False) and settings.text("manager_ca", True),
        )
        self.client.on_getinfo = self.describe
        self.client.on_message = self.message
        self.told = [None] * len(node.sensors)
        node.every(settings.integer("manager_interval", 60000), self.tell)

    def describe(self):
        """The answer to getinfo: the report of this moment, and the sensors."""
        node = self.node
        data = node.report()
        data["name"] = node.name
        data["connects"] = self.client.connects
        for sensor in node.sensors:
            data[sensor.name] = sensor.scaled()
        self.client.set_data(data)

    def tell(self):
        """Send what has changed, in one message, since the raw dialect keeps none apart."""
        told = self.told
        lines = []
        values = []
        for sensor in self.node.sensors:
            values.append(sensor.value)
            if sensor.value != told[len(values) - 1]:
                lines.append("%s %s" % (sensor.name, json.dumps(sensor.scaled())))
        if lines and self.client.send("\n".join(lines)):
            self.told = values

    def message(self, message):
        """A message is a command."""
        name, _, text = message.text().partition(" ")
        if text in _WORDS:
            value = _WORDS[text]
        else:
            try:
                value = json.loads(text)
            except ValueError:
                value = text
        if self.node.command(name, value):
            self.tell()
        else:
            self.client.send("unknown " + name)


join = Manager
