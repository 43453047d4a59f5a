"""ESP32 without PSRAM.

Constants only: host tools read the file without running it, and a board imports it cheaply.
"""

NAME = "esp32"
MACHINE = "Generic ESP32 module with ESP32"  # how os.uname().machine starts
LED = 2  # what machine.Pin takes; None where there is none to speak of
LED_ON = 1
HEAP_KIB = 110  # free for Python after boot, measured or as the vendor says
WATCHDOG_MAX_MS = 2147483647
WIFI_PM = None  # network.WLAN.config(pm=...); None keeps the firmware's choice
