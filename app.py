"""The firmware: an LED to switch, a text to show and the free heap to watch, on each platform
that the file ``settings.toml`` on the board names:

    wifi_ssid = "home"              # leave out where the network is there already
    wifi_password = "..."

    manager_host = "192.0.2.7"      # iot-manager

    losant_device = "..."           # Losant
    losant_key = "..."
    losant_secret = "..."

    iottalk_url = "http://192.0.2.7:9992"

    sepl_host = "192.0.2.7"         # SEPL
    sepl_user = "..."
    sepl_password = "..."

    commute_device = "..."          # IoT Commute
    commute_key = "..."
    commute_root = "ws://192.0.2.7:8094/ws"

The other settings are in docs/node.md. A project of your own begins with a copy of this file;
main.py calls `run`.
"""

import board
import machine

from motelink import log
from motelink.node import Node

MEASURE_MS = 1000


class Board:
    """What this board measures and does."""

    def __init__(self, node):
        self.node = node
        self.pin = None if board.LED is None else machine.Pin(board.LED, machine.Pin.OUT)
        self.led = node.sensor("led_on")
        self.heap = node.sensor("heap_free")
        node.on("led", self.switch)
        node.on("say", self.say)
        node.every(MEASURE_MS, self.measure)
        self.led.set(0)

    def switch(self, value):
        """A command: 1 or 0, true or false."""
        on = 1 if value else 0
        if self.pin:
            self.pin.value(board.LED_ON if on else 1 - board.LED_ON)
        self.led.set(on)
        log.info("led is %s", "on" if on else "off")

    def say(self, value):
        """A command: a text for whoever reads the console."""
        log.info("say: %s", value)

    def measure(self):
        self.heap.set(self.node.free())


def run():
    """Everything, until something fails that only a restart or a person can mend."""
    log.keep(1024)
    node = Node(name=board.NAME)
    Board(node)
    node.run()
