"""The virtual board: real MicroPython on the host.

Constants only: host tools read the file without running it, and a board imports it cheaply.
"""

NAME = "virtual"
MACHINE = "motelink virtual board"  # how os.uname().machine starts
LED = 2  # what machine.Pin takes; None where there is none to speak of
LED_ON = 1
HEAP_KIB = 128  # free for Python after boot, measured or as the vendor says
WATCHDOG_MAX_MS = 8388
WIFI_PM = None  # network.WLAN.config(pm=...); None keeps the firmware's choice
