"""Testing firmware on the host: hardware fakes and a pytest plugin.

Tests take what they need from here: the errors that end a run, and ``Registers``, a device on I2C.
"""

from motelink_tools.testing.devices import Registers
from motelink_tools.testing.outcome import (
    BoardReset,
    FirmwareHung,
    FirmwareStopped,
    Outcome,
    Reset,
)

__all__ = ["BoardReset", "FirmwareHung", "FirmwareStopped", "Outcome", "Registers", "Reset"]
