"""The states of a virtual board."""

from enum import Enum


class State(Enum):
    """What the board is doing, as people see it."""

    OFF = "off"
    STARTING = "starting"
    RUNNING = "running"
    REPL = "repl"
    RAW_REPL = "raw repl"
    ASLEEP = "asleep"
    SUSPENDED = "suspended"
