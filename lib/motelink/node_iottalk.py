"""IoTtalk for `motelink.node`: settings ``iottalk_url``, ``iottalk_model`` (the node's name),
``iottalk_name`` (the server's choice), ``iottalk_ca`` (for https and mqtts: the file of the
servers' authority), ``iottalk_interval``.

Sensor ``temperature`` is the input feature ``temperature-I``; command ``led`` the output feature
``led-O``, of which the first value counts.
"""

from motelink.iottalk import Device
from motelink.iottalk_data import values
from motelink.iottalk_push import NoData, Pusher


class IoTtalk:
    """``client``: the `motelink.iottalk.Device`."""

    name = "iottalk"

    def __init__(self, node):
        settings = node.settings
        self.client = client = Device(
            settings.text("iottalk_url"),
            settings.text("iottalk_model", node.name),
            [sensor.name + "-I" for sensor in node.sensors],
            [name + "-O" for name in node.commands],
            name=settings.text("iottalk_name", None),
            tls=settings.text("iottalk_ca", None),
            rx_size=512,
            tx_size=512,
            window=2,
            slot_size=200,
        )
        node.loop.add(client)
        interval = settings.integer("iottalk_interval", 1000)
        pusher = Pusher(client)
        for i in range(len(node.sensors)):
            pusher.every(interval, client.idf[i], _reader(node.sensors[i]))
        for i in range(len(node.commands)):
            client.odf[i].on_data = _hearer(node, node.commands[i])


def _reader(sensor):
    return lambda: NoData if sensor.value is None else sensor.scaled()


def _hearer(node, name):
    return lambda message: node.command(name, values(message)[0])


join = IoTtalk
