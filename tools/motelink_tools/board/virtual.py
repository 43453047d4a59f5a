"""The virtual board: a serial port with a real MicroPython behind it."""

import fcntl
import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from hashlib import sha256
from pathlib import Path
from typing import Self

from motelink_tools import micropython
from motelink_tools.board import firmware
from motelink_tools.board.engine import Engine
from motelink_tools.board.faults import Faults
from motelink_tools.board.line import Line
from motelink_tools.board.process import Setup
from motelink_tools.board.state import State
from motelink_tools.errors import ToolError

CHIPS = ("esp32", "rp2")
_MACHINE = "motelink virtual board with %s"  # as MACHINE in boards/virtual/board.py begins
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}
_LEAST_HEAP = 8 << 10
_LEAST_FLASH = 16 << 10
_START_TIMEOUT_S = 60  # for a host under load; it takes about 0.1 s
_CALL_TIMEOUT_S = 30


def parse_size(text: str, least: int) -> int:
    """Bytes from "128k", "1M" or "4096". ToolError for anything else, or less than ``least``."""
    match = re.fullmatch(r"(\d+)([km]?)(?:i?b)?", text.strip().lower())
    size = int(match[1]) * _UNITS[match[2]] if match else 0
    if size < least:
        raise ToolError(
            f"expected a size of {least >> 10}k or more, such as 128k or 1M; got {text!r}",
            kind="usage",
        )
    return size


class VirtualBoard:
    """A board whose file system is ``folder``. Start it, and give ``port`` to mpremote.

    ``heap``: what firmware finds free (``gc.mem_free()``) after power-on. ``flash``: the size of
    the file system. ``chip``: "esp32" or "rp2", whose look-alikes the firmware finds. ``link``: a
    path that leads to the port, the same at every start. ``heard`` is told, in the board's thread,
    all that it says, whoever reads the port; it must not block. The board runs in a thread of its
    own; methods may be called from any other. ``faults``: what may happen to it, see
    `motelink_tools.board.faults`; they outlast its resets. Everything raises ToolError.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        heap: str = "128k",
        flash: str = "1M",
        chip: str = "esp32",
        interpreter: micropython.Interpreter | None = None,
        link: str | os.PathLike[str] | None = None,
        heard: Callable[[bytes], None] | None = None,
    ) -> None:
        if chip not in CHIPS:
            raise ToolError(f"expected the chip {' or '.join(CHIPS)}, got {chip!r}")
        self.folder = Path(folder).resolve()
        self._heap = parse_size(heap, _LEAST_HEAP)
        self._flash = parse_size(flash, _LEAST_FLASH)
        self._chip = chip
        self._interpreter = interpreter
        self._link = Path(link).absolute() if link is not None else None
        self._heard = heard
        self._line: Line | None = None
        self._engine: Engine | None = None
        self._thread: threading.Thread | None = None
        self._calls: deque[Callable[[], None]] = deque()
        self._wake_up = -1
        self._taken = -1  # the folder, locked
        self._closing = False
        self._running: Future[None] = Future()
        self.faults = Faults(self._faults_changed, self._cut_power)

    @property
    def port(self) -> str:
        """The path of the pseudo-terminal."""
        if self._line is None:
            raise ToolError("the virtual board is not started", kind="not_started")
        return self._line.port

    @property
    def state(self) -> State:
        engine = self._engine
        return engine.state if engine is not None else State.OFF

    @property
    def pid(self) -> int | None:
        """The process that plays the chip; None while it is off or sleeps."""
        engine = self._engine
        return engine.pid if engine is not None else None

    @property
    def resets(self) -> int:
        """How often it has started, of its own accord or not; 1 after `start`."""
        engine = self._engine
        return engine.resets if engine is not None else 0

    def start(self) -> Self:
        """Power on. Returns when MicroPython runs; boot.py and main.py may still be running."""
        if self._thread is not None:
            raise ToolError("the virtual board is started already", kind="started")
        self.folder.mkdir(parents=True, exist_ok=True)
        interpreter = self._interpreter or micropython.find()
        machine = _MACHINE % self._chip
        setup = Setup(
            interpreter=interpreter,
            firmware=firmware.build(),
            folder=self.folder,
            heap=self._heap,
            flash=self._flash,
            chip=self._chip,
            machine=machine,
            unique_id=self._unique_id(),
            faults=self.faults.descriptor,
        )
        banner = f"{_full_version(interpreter)}; {machine}"
        self._closing = False
        self._running = Future()
        self._taken = _take(self.folder)
        try:
            self._line = Line(self._link, self._heard)
        except BaseException:
            os.close(self._taken)
            raise
        self._wake_up = os.eventfd(0)
        self._engine = Engine(setup, self._line, banner)
        self._thread = threading.Thread(
            target=self._live, args=(self._engine,), name=f"board {self._line.port}", daemon=True
        )
        self._thread.start()
        try:
            self._running.result(_START_TIMEOUT_S)
        except BaseException:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Power off: the process ends, the port goes. The folder stays. Harmless when closed."""
        thread, self._thread = self._thread, None
        if thread is None or self._line is None:
            return
        self._closing = True
        os.eventfd_write(self._wake_up, 1)
        thread.join()
        self._line.close()
        os.close(self._wake_up)
        os.close(self._taken)
        self._line = self._engine = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def hard_reset(self) -> None:
        """Press the reset button."""
        self._call(lambda engine: engine.hard_reset())

    def suspend(self) -> None:
        """Freeze the firmware; its sockets stay open and silent, as on a board out of reach."""
        self._call(lambda engine: engine.suspend())

    def resume(self) -> None:
        """Let a suspended board go on."""
        self._call(lambda engine: engine.resume())

    def type(self, data: bytes) -> None:
        """What a terminal would send: it goes to the program, or to the REPL."""
        self._call(lambda engine: engine.take_input(data))

    def _faults_changed(self) -> None:
        if self._engine is not None:
            self._call(lambda engine: engine.faults_changed())

    def _cut_power(self) -> None:
        self._call(lambda engine: engine.hard_reset("power"))

    def _unique_id(self) -> bytes:
        """Another for every folder, and the same at every start."""
        digest = sha256(os.fsencode(self.folder)).digest()
        # 0x02: a locally administered address, for the Wi-Fi MAC is made from it.
        return b"\x02" + digest[: 5 if self._chip == "esp32" else 7]

    def _call(self, action: Callable[[Engine], None]) -> None:
        """Have the board's thread do it, and wait until it is done."""
        engine = self._engine
        if engine is None:
            raise ToolError("the virtual board is not started", kind="not_started")
        done: Future[None] = Future()

        def act() -> None:
            try:
                action(engine)
            except BaseException as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        self._calls.append(act)
        os.eventfd_write(self._wake_up, 1)
        done.result(_CALL_TIMEOUT_S)

    def _live(self, engine: Engine) -> None:
        try:
            engine.power_on()
            while not self._closing:
                engine.turn(self._wake_up)
                if engine.state is not State.STARTING and not self._running.done():
                    self._running.set_result(None)
                self._run_calls()
        except BaseException as error:
            if self._running.done():
                raise
            self._running.set_exception(error)
        finally:
            engine.close()

    def _run_calls(self) -> None:
        if self._calls or self._closing:
            os.eventfd_read(self._wake_up)
        while self._calls:
            self._calls.popleft()()


def _take(folder: Path) -> int:
    """The folder's descriptor, locked until it is closed: two boards would spoil one flash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ToolError(
            f"a virtual board runs in {folder} already; end that one, or take another folder",
            kind="running",
        ) from error
    return descriptor


def _full_version(interpreter: micropython.Interpreter) -> str:
    """As the REPL greets: "MicroPython v1.25.0 on 2025-04-15"."""
    asked = subprocess.run(
        interpreter.command("-c", "import sys; print(sys.version)"),
        capture_output=True,
        text=True,
        check=True,
        timeout=_CALL_TIMEOUT_S,
    )
    return asked.stdout.strip().rpartition("; ")[2]
