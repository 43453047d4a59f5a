"""Raspberry Pi Pico 2 W (RP2350).

Constants only: host tools read the file without running it, and a board imports it cheaply.
"""

NAME = "rpi_pico2_w"
MACHINE = "Raspberry Pi Pico 2 W with RP2350"  # how os.uname().machine starts
LED = "LED"  # what machine.Pin takes; None where there is none to speak of
LED_ON = 1
HEAP_KIB = 400  # free for Python after boot, measured or as the vendor says
WATCHDOG_MAX_MS = 8388
WIFI_PM = 0xA11140  # network.WLAN.config(pm=...): power save off, it stalls
