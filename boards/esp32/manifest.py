# Freezes motelink and this board's constants into a firmware, see docs/freezing.md:
#   make BOARD=ESP32_GENERIC FROZEN_MANIFEST=<motelink>/boards/esp32/manifest.py
# ruff: noqa: F821, the names come from MicroPython's build

include("$(PORT_DIR)/boards/manifest.py")  # what the firmware has anyway
include("../../manifest.py")
module("board.py")
