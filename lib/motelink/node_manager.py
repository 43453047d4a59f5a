"""iot-manager for `motelink.node`: settings ``manager_host``, ``manager_port`` (8595),
``manager_type`` (the node's name), ``manager_uuid`` (of the board), ``manager_framing`` ("raw"),
``manager_tls`` (false), ``manager_ca`` (the file of the server's authority), ``manager_interval``.

Sensors that have changed go out as lines ``NAME VALUE``, after a command at once. Messages
``NAME`` and ``NAME VALUE`` are commands, where VALUE is JSON, ``on``, ``off`` or any text. Answers
to getinfo have all sensors and what the board says of itself. Messages allocate their text.
"""

import json

from motelink.port import forget

_WORDS = {"on": 1, "off": 0, "": None}


class Manager:
    """``client``: a `motelink.manager.Client`."""

    name = "manager"

    def __init__(self, node):
        self.node = node
        self.told = [None] * len(node.sensors)
        self.client = self._seldom("make")

    def describe(self):
        """The answer to getinfo: the report of this moment, and the sensors."""
        self._seldom("describe")

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

    def _seldom(self, act):
        from motelink import node_manager_info

        result = getattr(node_manager_info, act)(self)
        del node_manager_info
        forget("node_manager_info")
        return result


join = Manager
