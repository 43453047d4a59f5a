# Freezes motelink and this board's constants into a firmware, see docs/freezing.md:
#   make BOARD=RPI_PICO2_W FROZEN_MANIFEST=<motelink>/boards/rpi_pico2_w/manifest.py
# ruff: noqa: F821, the names come from MicroPython's build

include("$(PORT_DIR)/boards/manifest.py")  # what the firmware has anyway
require("bundle-networking")  # as the vendor's manifest of this board
include("../../manifest.py")
module("board.py")
