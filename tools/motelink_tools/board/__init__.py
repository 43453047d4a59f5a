"""The virtual board: real MicroPython, with a board's heap and flash, behind a serial port."""

from motelink_tools.board.state import State
from motelink_tools.board.virtual import VirtualBoard

__all__ = ["State", "VirtualBoard"]
