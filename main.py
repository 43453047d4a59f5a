"""The firmware: an LED to switch, a text to show and the free heap to watch, on each platform
that the file ``settings.toml`` on the board names:

    wifi_ssid = "home"              # leave out where the network is there already
    wifi_password = "..."

    manager_host = "192.0.2.7"      # iot-manager

    losant_device = "..."           # Losant
    losant_key = "..."
    losant_secret = "..."

    iottalk_url = "http://192.0.2.7:9992"

The other settings are in docs/node.md. A project of your own begins with a copy of this file.
"""

import time

import board
import machine

from motelink import log
from motelink.errors import TimedOut
from motelink.node import Node

WIFI_MS = 20000
MEASURE_MS = 1000
RESTART_S = 10


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


def connect_wifi(ssid, password):
    """Join a network and wait for an address. Raises TimedOut."""
    import network

    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    if board.WIFI_PM is not None:
        wlan.config(pm=board.WIFI_PM)
    if not wlan.isconnected():
        wlan.connect(ssid, password)
    end = time.ticks_add(time.ticks_ms(), WIFI_MS)
    # Connected without an address is not connected: getaddrinfo would hang (micropython 18797).
    while not wlan.isconnected() or wlan.ifconfig()[0] == "0.0.0.0":
        if time.ticks_diff(end, time.ticks_ms()) <= 0:
            raise TimedOut("no Wi-Fi in %d ms; status %s" % (WIFI_MS, wlan.status()))
        time.sleep_ms(100)
    log.info("Wi-Fi: %s", wlan.ifconfig()[0])


def run():
    """Everything, until something fails that only a restart or a person can mend."""
    log.keep(1024)
    node = Node(name=board.NAME)
    Board(node)
    ssid = node.settings.text("wifi_ssid", "")
    if ssid:
        connect_wifi(ssid, node.settings.text("wifi_password", ""))
    node.run()


def main():
    """Run; when that fails, say why, wait so that a person can read it, and restart."""
    try:
        run()
    except Exception as error:
        log.exception(error, "main.py")
        log.error("restart in %d s", RESTART_S)
        time.sleep(RESTART_S)
        machine.reset()


main()
