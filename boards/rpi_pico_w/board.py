"""Raspberry Pi Pico W (RP2040).

Constants only: host tools read the file without running it, and a board imports it cheaply.
"""

NAME = "rpi_pico_w"
MACHINE = "Raspberry Pi Pico W with RP2040"  # how os.uname().machine starts
LED = "LED"  # what machine.Pin takes; None where there is none to speak of
LED_ON = 1
HEAP_KIB = 166  # free for Python after boot, measured or as the vendor says
WATCHDOG_MAX_MS = 8388
WIFI_PM = 0xA11140  # network.WLAN.config(pm=...): power save off, it stalls
