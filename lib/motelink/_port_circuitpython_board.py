"""The board around the interpreter, for `motelink.node`, on CircuitPython.

Wi-Fi is the runtime's: settings CIRCUITPY_WIFI_SSID and CIRCUITPY_WIFI_PASSWORD. It has a safe
mode and a watchdog of its own, in other terms; `machine` is None, so that nobody asks for those.
"""

import time

import rtc

machine = None
network = None


def constant(_name: str, default=None):
    """``board`` is the runtime's own module here."""
    return default


def set_rtc(unix_s: int) -> None:
    rtc.RTC().datetime = time.localtime(unix_s)


def udp_open(_address):
    raise OSError(95, "no UDP here: the runtime has adafruit_ntp")
