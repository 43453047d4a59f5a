"""A fake board on CPython: its hardware in the test's hands, its firmware running on it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from motelink_tools import paths
from motelink_tools.testing.aio import asyncio_module
from motelink_tools.testing.clock import Clock
from motelink_tools.testing.flash import Flash
from motelink_tools.testing.imports import Imports
from motelink_tools.testing.ntp import TimeServers
from motelink_tools.testing.opened import Opened
from motelink_tools.testing.outcome import Outcome, Reset
from motelink_tools.testing.profile import Profile
from motelink_tools.testing.sockets import select_module, socket_module
from motelink_tools.testing.stand_ins import (
    Console,
    WallClock,
    gc_module,
    sys_module,
    time_module,
)
from motelink_tools.testing.supervisor import Supervisor

HARDWARE = Path(__file__).parent / "hardware"
_RELEASE = "1.25.0"  # the MicroPython that os.uname() claims
_PORTS = ("", "_more", "_board", "_files")
_NTP_STARTS_AT = 1_767_225_600  # 2026-01-01: what the fake time server says at power-on


class Board:
    """One board, from power-on until ``close``, with the folder ``files`` as its flash.

    In the test's hands: ``clock``, ``pins[2]``, ``i2c[0]``, ``spi[0]``, ``uarts[0]``, ``air``,
    ``wlan``, ``watchdog``, ``rtc``, ``nvs``, ``ntp``, ``mem_free``, and what happened: ``resets``,
    ``output``. Test and firmware share the hardware modules: ``import machine`` in a test gives
    this board's.
    """

    def __init__(self, name: str, files: Path, *, clock: Clock | None = None) -> None:
        self.profile = Profile.of(name)
        self.files = files
        self.clock = clock or Clock()
        self.path: list[Path] = []
        """Folders of the host that firmware imports from, after the flash's ``/`` and ``/lib``."""
        self.mem_free = self.profile.heap_bytes
        self.globals: dict[str, Any] = {}
        """The names of boot.py and main.py of the last run."""
        self._console = Console()
        self._opened = Opened()
        self._supervisor = Supervisor(self.clock, self._console, self._power_off)
        self._flash = Flash(files, self.profile.uname(_RELEASE), self._opened)
        self._wall = WallClock(self.clock, self.profile.epoch, self.profile.clock_unset)
        self._modules = self._stand_ins()
        names = self._names()
        self._hardware = Imports(lambda: [HARDWARE], self._modules, names, instrumented=False)
        self._firmware = Imports(
            self._folders,
            self._modules,
            names,
            bundled={"motelink": paths.library()},
            adapt={f"motelink._port_cpython{part}": self._adapt_port for part in _PORTS},
        )
        self._sys = sys_module(self._console, self.profile.platform, self._firmware.modules)
        self._modules["sys"] = self._sys
        self._replaced: dict[str, ModuleType | None] = {}
        self._plug_in()

    # --- running firmware

    def boot(
        self,
        *,
        for_ms: float | None = 60_000,
        until: Callable[[], object] | None = None,
        real_s: float = 30,
    ) -> Outcome:
        """Start the board: boot.py, then main.py, each if it is there.

        After a run that ended in a reset it starts as a board does after that reset: the cause,
        the RTC, what NVS holds; after a deepsleep of some length, when that is over; otherwise as
        if power came back. A program that runs for ever is stopped when ``for_ms`` of the board's
        time are over (None: no bound), or while it waits and ``until()`` is true. Raises
        FirmwareHung when the run takes ``real_s`` of the host's time.
        """
        files = [file for name in ("boot.py", "main.py") if (file := self.files / name).is_file()]
        if not files:
            raise FileNotFoundError(f"expected boot.py or main.py in {self.files}; it has neither")
        return self._start(files, for_ms, until, real_s)

    def run(
        self,
        file: str,
        *,
        for_ms: float | None = 60_000,
        until: Callable[[], object] | None = None,
        real_s: float = 30,
    ) -> Outcome:
        """Start the board with one file of its flash instead of boot.py and main.py."""
        return self._start([self._flash.host(file)], for_ms, until, real_s)

    def load(self, name: str) -> Any:
        """A module of the firmware, imported if it is not yet, to be tested piece by piece."""
        return self._firmware.load(name)

    def install(self, source: Path, name: str = "") -> None:
        """Copy a file, or what is in a folder, to the flash or to its folder ``name``."""
        target = self._flash.host(name)
        if source.is_dir():
            left_out = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=left_out)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target / source.name)

    @property
    def output(self) -> str:
        """Everything printed since the fixture was made."""
        return self._console.since(0)

    @property
    def resets(self) -> list[Reset]:
        return self._supervisor.resets

    # --- the hardware

    @property
    def pins(self) -> "Parts":
        """``pins[2]`` or ``pins["LED"]``: the line of that pin, used by firmware or not."""
        return Parts(self._module("_machine_pins").line)

    @property
    def i2c(self) -> "Parts":
        return Parts(self._module("_machine_buses").i2c)

    @property
    def spi(self) -> "Parts":
        return Parts(self._module("_machine_buses").spi)

    @property
    def uarts(self) -> "Parts":
        return Parts(self._module("_machine_buses").uart)

    @property
    def air(self) -> Any:
        """The Wi-Fi around the board, and its network cable."""
        return self._module("network").air

    @property
    def wlan(self) -> Any:
        """The board's station interface, as firmware sees it."""
        return self._module("network").WLAN()

    @property
    def watchdog(self) -> Any:
        """The WDT that firmware started since the last boot, or None."""
        return self._module("machine")._watchdog

    @property
    def rtc(self) -> Any:
        return self._module("machine").RTC()

    @property
    def unix_time(self) -> float:
        """Seconds since 1970 by the board's RTC, right or wrong."""
        return self._wall.unix_time

    @property
    def nvs(self) -> dict[str, dict[str, int | bytes]]:
        """What is committed: ``nvs[namespace][key]``. ImportError on a board without NVS."""
        stored: dict[str, dict[str, int | bytes]] = self._module("esp32").stored()
        return stored

    @property
    def ntp(self) -> Any:
        """The module ntptime: set ``server`` (a callable giving Unix time) or ``failure``."""
        return self._module("ntptime")

    @property
    def temperature(self) -> float:
        """Degrees Celsius inside the chip."""
        return float(self._module("_bench").temperature)

    @temperature.setter
    def temperature(self, degrees: float) -> None:
        self._module("_bench").temperature = degrees

    # --- behind the scenes

    def close(self) -> None:
        """Take the board's modules out of ``sys.modules``, and put back what was there."""
        self._power_off()
        for name, module in self._replaced.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module

    def _module(self, name: str) -> Any:
        return self._hardware.load(name)

    def _names(self) -> dict[str, Any]:
        """What firmware finds among its builtins beside CPython's own."""
        return {
            "open": self._flash.open,
            "print": self._console.print,
            "__turn__": self._supervisor.turn,
            "__leaving__": self._supervisor.check,
            # What viper functions call to see a buffer as words:
            "ptr8": memoryview,
            "ptr16": lambda buffer: memoryview(buffer).cast("H"),
            "ptr32": lambda buffer: memoryview(buffer).cast("I"),
            "uint": int,
        }

    def _stand_ins(self) -> dict[str, ModuleType]:
        return {
            "time": time_module(self.clock, self._wall),
            "gc": gc_module(lambda: self.mem_free, self.profile.heap_bytes),
            "os": self._flash.module(),
            "select": select_module(self.clock),
            "socket": socket_module(self._opened),
            "asyncio": asyncio_module(self.clock, self._supervisor.check, self._opened),
        }

    def _plug_in(self) -> None:
        """Make the hardware modules, and put them where firmware and test find them."""
        bench = self._module("_bench")
        self.profile.set_up(bench)
        bench.record = True
        bench.now = self.clock.ticks_ms
        bench.stamp = lambda: self.clock.now_ms
        bench.set_time = self._wall.set
        self.clock.due_in_ms = bench.next_due_ms
        self.clock.run_due = bench.run_due
        for file in sorted(HARDWARE.glob("*.py")):
            if file.stem in self.profile.missing:
                continue
            module = self._modules[file.stem] = self._module(file.stem)
            if not file.stem.startswith("_"):
                self._replaced[file.stem] = sys.modules.get(file.stem)
                sys.modules[file.stem] = module
        self._module("machine")._on_reset = self._supervisor.reset
        self.ntp.server = lambda: _NTP_STARTS_AT + self.clock.now_us // 1_000_000

    def _adapt_port(self, port: ModuleType) -> None:
        """motelink on CPython has no board to reset or to ask; here it has."""
        own = vars(port)
        machine = self._module("machine")

        def tls_wrap(*args: Any) -> Any:
            stream = wrap(*args)
            self._opened.add(stream.sock)
            return stream

        servers = TimeServers(
            self._module("ntptime"), own.get("resolve", _nowhere), self._opened.add
        )
        adapted = {
            "reset": machine.reset,
            "unique_id": machine.unique_id,
            "unix_time": lambda: int(self._wall.unix_time),
            "tls_wrap": tls_wrap,
            "machine": machine,
            "network": self._module("network"),
            "nvs": None if "esp32" in self.profile.missing else self._module("esp32").NVS,
            "mem_free": lambda: self.mem_free,
            "resolve": servers.resolve,
            "udp_open": servers.udp_open(own.get("Stream", _nowhere)),
        }
        wrap: Any = own.get("tls_wrap")
        own.update({name: value for name, value in adapted.items() if name in own})

    def _folders(self) -> Iterator[Path]:
        for folder in self._sys.path:
            if folder != ".frozen":
                yield self._flash.host(folder)
        yield from self.path

    def _start(
        self,
        files: list[Path],
        for_ms: float | None,
        until: Callable[[], object] | None,
        real_s: float,
    ) -> Outcome:
        self._restart()

        def program() -> None:
            for file in files:
                self._firmware.run(file, self.globals)

        return self._supervisor.run(program, for_ms, until, real_s)

    def _power_off(self) -> None:
        self._module("_bench").cancel_all()
        self._opened.close_all()

    def _restart(self) -> None:
        last = self._supervisor.last_reset
        kind = last.kind if last is not None else "power"
        self._power_off()
        self._module("_bench").restart(kind)
        if last is not None and kind == "deepsleep":
            self.clock.advance(last.ms)
        if kind == "power":
            self._wall.power_on()
        if kind != "soft":
            self.clock.restart_ticks()
        self._flash.restart()
        self._firmware.modules.clear()
        self._sys.path[:] = ["", ".frozen", "/lib"]
        self.globals = {"__name__": "__main__"}


def _nowhere(*_: Any) -> Any:
    raise AssertionError("a part of the port asks for what only another has")


class Parts:
    """Parts of the board by number or name; asking makes them."""

    def __init__(self, part: Callable[[Any], Any]) -> None:
        self._part = part

    def __getitem__(self, name: int | str) -> Any:
        return self._part(name)
