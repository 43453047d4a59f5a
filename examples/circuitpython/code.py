# A node on CircuitPython: copy it with settings.toml to CIRCUITPY, and motelink into lib. Wi-Fi is
# the runtime's own: CIRCUITPY_WIFI_SSID and CIRCUITPY_WIFI_PASSWORD in settings.toml, where the
# platforms are, too, as on the other boards.
import time
import traceback

import microcontroller

from motelink.node import Node


def set_time():
    """TLS needs it. It comes with adafruit_ntp, where that is in lib."""
    try:
        import adafruit_ntp
        import rtc
        import socketpool
        import wifi

        pool = socketpool.SocketPool(wifi.radio)
        rtc.RTC().datetime = adafruit_ntp.NTP(pool, tz_offset=0).datetime
    except (ImportError, OSError) as error:
        print("no time:", error)


def watch(node):
    """With watchdog_ms in the settings, at most 8000: the board resets when it hangs."""
    if node.settings.get("watchdog_ms"):
        from watchdog import WatchDogMode

        dog = microcontroller.watchdog
        dog.timeout = node.settings.integer("watchdog_ms") / 1000
        dog.mode = WatchDogMode.RESET
        node.every(1000, dog.feed)


def run():
    node = Node()
    temperature = node.sensor("temperature", 1)
    node.on("say", lambda value: print("say:", value))
    node.every(1000, lambda: temperature.set(int(microcontroller.cpu.temperature * 10)))
    watch(node)
    node.run()


try:
    set_time()
    run()
except Exception as error:
    traceback.print_exception(error)
    time.sleep(3600 if getattr(error, "final", False) else 10)
    microcontroller.reset()
