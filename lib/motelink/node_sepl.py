"""SEPL for `motelink.node`: settings ``sepl_host``, ``sepl_port`` (8093), ``sepl_protocol``
("ws"), ``sepl_ca`` (for "wss": the file of the server's authority), ``sepl_user``,
``sepl_password``, ``sepl_device`` (the node's name), ``sepl_type`` ("urn:motelink"),
``sepl_interval``.

The node is one device; sensors that have changed are events of services of their names, and
commands to services of the commands' names are the node's. A command is responded with true. The
gateway's id is kept in the file ``sepl.gid``.
"""

from motelink.port import const, forget
from motelink.sepl_connector import Connector
from motelink.sepl_device import Device
from motelink.sepl_pool import Pool

_MOST = const(4)  # events under way; the session takes 8, responses among them


class _Config:
    """What `motelink.sepl_config` reads from a file, from the settings."""

    def __init__(self, settings):
        self.protocol = settings.text("sepl_protocol", "ws")
        self.host = settings.text("sepl_host")
        self.port = settings.integer("sepl_port", 8093)
        self.user = settings.text("sepl_user")
        self.password = settings.text("sepl_password")
        from motelink import storage

        self.gid = (storage.read("sepl.gid") or b"").decode()
        forget("storage")

    def set_gid(self, gid: str) -> None:
        from motelink import storage

        storage.write("sepl.gid", gid)
        forget("storage")
        self.gid = gid


class Sepl:
    """``client``: the `motelink.websocket.Client` of ``connector``."""

    name = "sepl"

    def __init__(self, node):
        settings = node.settings
        self.node = node
        self.device = settings.text("sepl_device", node.name)
        pool = Pool()
        pool.add(Device(self.device, settings.text("sepl_type", "urn:motelink"), node.name))
        ca = settings.text("sepl_ca", True)
        self.connector = Connector(pool, _Config(settings), rx_size=512, tx_size=512, tls=ca)
        self.connector.on_command = self.command
        self.client = self.connector.ws
        self.connector.join(node.loop)
        self.told = [None] * len(node.sensors)
        self.waiting = 0
        node.every(settings.integer("sepl_interval", 1000), self.tell)

    def tell(self):
        """Send what has changed, once the platform has answered what was sent before."""
        if self.connector.ready and not self.waiting:
            for i in range(len(self.told)):
                sensor = self.node.sensors[i]
                if sensor.value != self.told[i] and self.waiting < _MOST:
                    self.told[i] = sensor.value
                    self.waiting += 1
                    self.connector.event(
                        self.device, sensor.name, sensor.scaled(), 10, self.answered, False
                    )

    def answered(self, message):
        """An event has its answer; without one, everything is told again."""
        self.waiting -= 1
        if message.status is None:
            self.told = [None] * len(self.told)

    def command(self, message):
        """SEPL's services are the node's commands."""
        value = None
        for part in message.payload["protocol_parts"]:
            value = part["value"]
        known = self.node.command(message.payload["service_url"], value)
        self.connector.response(message, known, block=False)


join = Sepl
