"""ESP32-C3.

Constants only: host tools read the file without running it, and a board imports it cheaply.
"""

NAME = "esp32c3"
MACHINE = "ESP32C3 module with ESP32C3"  # how os.uname().machine starts
LED = 8  # what machine.Pin takes; None where there is none to speak of
LED_ON = 0
HEAP_KIB = 120  # free for Python after boot, measured or as the vendor says
WATCHDOG_MAX_MS = 2147483647
WIFI_PM = None  # network.WLAN.config(pm=...); None keeps the firmware's choice
