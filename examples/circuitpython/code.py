# A device of iot-manager. Wi-Fi is CircuitPython's own: CIRCUITPY_WIFI_SSID and
# CIRCUITPY_WIFI_PASSWORD in settings.toml, where manager_host is, too.
from motelink.node import Node

node = Node()
uptime = node.sensor("uptime")
node.on("say", lambda value: print("say:", value))
node.every(1000, lambda: uptime.set((uptime.value or 0) + 1))
node.run()
