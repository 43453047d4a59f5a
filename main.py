"""The firmware: settings, Wi-Fi, one client of a Manager, and what this board does with messages.

Configure it with a file ``settings.toml`` on the board:

    manager_host = "192.0.2.7"      # required; the rest has defaults
    manager_port = 8595
    manager_type = "kettle"         # one of the Manager's valid types
    manager_framing = "raw"
    wifi_ssid = "home"              # leave out where the network is there already
    wifi_password = "..."

Messages it knows: ``led on``, ``led off``, ``report``. Answers to getinfo carry fresh figures.
"""

import gc
import time

import board
import machine

from motelink import log
from motelink.clock import Clock
from motelink.errors import TimedOut
from motelink.identity import board_uuid
from motelink.manager import Client
from motelink.settings import Settings

WIFI_MS = 20000
RESTART_S = 10


class Kettle:
    """What this board is and does. Its handlers allocate nothing but the report."""

    def __init__(self, settings):
        self.led = None if board.LED is None else machine.Pin(board.LED, machine.Pin.OUT)
        gc.collect()
        self.lowest = gc.mem_free()  # the least that was free after a collection
        self.clock = Clock()
        self.client = client = Client(
            settings.text("manager_host"),
            settings.text("manager_uuid", "") or board_uuid(),
            settings.text("manager_type", board.NAME),
            self.describe,
            port=settings.integer("manager_port", 8595),
            framing=settings.text("manager_framing", "raw"),
        )
        client.on_connect = self.connected
        client.on_message = self.message
        client.on_end = self.ended

    def describe(self, json):
        """Write the data of getinfo: figures of this moment, in bytes and seconds."""
        gc.collect()  # what is free is what could be had, garbage or not
        free = gc.mem_free()
        self.lowest = min(self.lowest, free)
        json.pair("board", board.NAME)
        json.pair("uptime", self.clock.poll())
        json.pair("heap_free", free)
        json.pair("heap_low", self.lowest)
        json.pair("connects", self.client.connects)

    def connected(self):
        log.info("known to the Manager at %s", self.client)
        self.client.send(b"hello")

    def message(self, message):
        if message == b"led on":
            self.switch(1)
            self.client.send(b"led is on")
        elif message == b"led off":
            self.switch(0)
            self.client.send(b"led is off")
        elif message == b"report":
            self.client.send("heap_free=%d heap_low=%d" % (gc.mem_free(), self.lowest))
        else:
            self.client.send(b"unknown message")

    def ended(self, error):
        log.warning("disconnected: %s", error)

    def switch(self, on):
        if self.led:
            self.led.value(board.LED_ON if on else 1 - board.LED_ON)


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
    settings = Settings()
    log.keep(1024)
    ssid = settings.text("wifi_ssid", "")
    if ssid:
        connect_wifi(ssid, settings.text("wifi_password", ""))
    Kettle(settings).client.run()


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
