# Freezes motelink into a unix port that you build; the virtual board fetches its own, without it.
#   make -C ports/unix FROZEN_MANIFEST=<motelink>/boards/virtual/manifest.py
# ruff: noqa: F821, the names come from MicroPython's build

include("$(PORT_DIR)/variants/manifest.py")  # what the firmware has anyway
include("../../manifest.py")
module("board.py")
