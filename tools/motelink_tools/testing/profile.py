"""What tells one fake board from another: its board.py, and its chip's port of MicroPython."""

import ast
from dataclasses import dataclass
from typing import Any

from motelink_tools import paths
from motelink_tools.testing.flash import Uname

_EPOCH_2000 = 946_684_800
_2021 = 1_609_459_200
# GPIO numbers end below the first; the second cannot drive.
_PINS = {"esp32": (40, range(34, 40)), "esp32s3": (49, range(0)), "esp32c3": (22, range(0))}
_RP2_PINS = (30, range(0))
_MEGAHERTZ = {"rpi_pico_w": 125, "rpi_pico2_w": 150}


@dataclass(frozen=True)
class Profile:
    """``port`` is rp2 or esp32: whose constants, limits and errors the hardware follows.

    ``platform`` is what ``sys.platform`` says; ``epoch`` where its time begins and ``clock_unset``
    what its RTC shows at power-on, both in seconds since 1970; ``missing`` the hardware modules
    that its firmware does not have.
    """

    name: str
    port: str
    platform: str
    epoch: int
    clock_unset: int
    missing: frozenset[str]
    constants: dict[str, Any]

    @classmethod
    def of(cls, name: str) -> "Profile":
        """The profile of the board whose folder is ``boards/<name>``. ToolError for others."""
        constants = _constants(name)
        if name.startswith("rpi_pico"):
            return cls(name, "rp2", "rp2", 0, _2021, frozenset({"esp32"}), constants)
        if name.startswith("esp32"):
            missing = frozenset({"rp2"})
            return cls(name, "esp32", "esp32", _EPOCH_2000, _EPOCH_2000, missing, constants)
        return cls(name, "esp32", "linux", 0, _2021, frozenset(), constants)

    @property
    def heap_bytes(self) -> int:
        return int(self.constants["HEAP_KIB"]) * 1024

    def uname(self, release: str) -> Uname:
        machine = self.constants["MACHINE"]
        return Uname(self.platform, self.platform, release, f"v{release} on motelink", machine)

    def set_up(self, bench: Any) -> None:
        """Make the hardware modules those of this board; before any but ``_bench`` is loaded."""
        rp2 = self.port == "rp2"
        bench.platform = self.port
        bench.pins, bench.input_only = _RP2_PINS if rp2 else _PINS.get(self.name, (49, range(0)))
        led = self.constants["LED"]
        bench.led = led if isinstance(led, str) else None
        bench.watchdog_max_ms = self.constants["WATCHDOG_MAX_MS"]
        bench.freq_hz = _MEGAHERTZ.get(self.name, 160) * 1_000_000
        bench.unique_id = bytes.fromhex("e66130100f4c2a35" if rp2 else "24dcc3a1b2c4")


def _constants(name: str) -> dict[str, Any]:
    source = (paths.board_folder(name) / "board.py").read_text(encoding="utf-8")
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }
