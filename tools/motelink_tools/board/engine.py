"""What a virtual board does, as one turn after another: boot, run programs, reset, sleep.

The engine stands between the serial line, the console and the MicroPython process. It runs in one
thread; `turn` waits for whatever comes first.

A program (boot.py, main.py, or what was typed) has the line while it runs: what comes in is its
standard input, but for Ctrl-C. When it ends, what it has not read goes to the console. A soft
reset is a new process, so that every socket and every byte of the heap is as after power-on.
"""

import select
import time
from itertools import islice
from signal import Signals

from motelink_tools.board.console import Console, Run, SoftReset
from motelink_tools.board.heap import Heap
from motelink_tools.board.line import Line
from motelink_tools.board.process import Channel, Event, Kind, Process, Setup
from motelink_tools.board.program_input import ProgramInput
from motelink_tools.board.program_output import cook, cook_error
from motelink_tools.board.state import State
from motelink_tools.board.timers import FOREVER, Timers
from motelink_tools.errors import ToolError

_CTRL_C = b"\x03"
_MESSAGES_A_TURN = 32  # so that firmware that prints without end can be interrupted
# As in _virtual_console.
_RESETS = ("hard", "soft", "watchdog", "deepsleep", "bootloader", "power")


class Engine:
    """The board. Raises ToolError out of `turn` when MicroPython cannot be started at all."""

    def __init__(self, setup: Setup, line: Line, banner: str) -> None:
        self._setup = setup
        self._line = line
        self._console = Console(banner)
        self._input = ProgramInput()
        self._held = bytearray()  # came while there was nothing to give it to
        self._process: Process | None = None
        self._ready = False
        self._heap = Heap(setup)
        self._cause = "power"
        self._boot_files: list[str] | None = None  # not None while the board boots
        self._program = 0  # the number of what runs; 0: the console has the line
        self._began = False
        self._error: bytearray | None = None  # the traceback that is being printed
        self._leaves = False
        self._timers = Timers()
        self.resets = 0

    @property
    def state(self) -> State:
        if self._timers.suspended:
            return State.SUSPENDED
        if self._process is None:
            return State.ASLEEP
        if not self._ready:
            return State.STARTING
        if self._program:
            return State.RUNNING
        return State.RAW_REPL if self._console.raw else State.REPL

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None else None

    def power_on(self) -> None:
        self._start("power")

    def close(self) -> None:
        self._stop()
        self._input.close()

    def hard_reset(self, cause: str = "hard") -> None:
        """As the reset button: nothing is left but the file system."""
        self._stop()
        self._console.power_on()
        self._input.take_back()
        self._held.clear()
        self._start(cause)

    def suspend(self) -> None:
        """Freeze the firmware where it is; the line and the sockets stay open."""
        if self._process is not None and not self._timers.suspended:
            self._process.suspend()
            self._timers.suspend()

    def resume(self) -> None:
        if self._process is not None and self._timers.suspended:
            self._timers.resume()
            self._process.resume()

    def faults_changed(self) -> None:
        if self._process is not None:
            self._process.faults_changed()

    def turn(self, wake_up: int) -> None:
        """Wait for the next thing to happen, and act on it. ``wake_up``: a descriptor that ends
        the wait when it becomes readable; the caller reads it.
        """
        poller = select.poll()
        poller.register(wake_up, select.POLLIN)
        poller.register(self._line, self._line.events & ~self._deaf())
        poller.register(self._input, self._input.events)
        process = self._process
        if process is not None:
            poller.register(process.ended, select.POLLIN)
            if not self._line.congested:
                poller.register(process, select.POLLIN)
        ready = {descriptor for descriptor, _ in poller.poll(self._patience())}
        self._input.flush()
        self._line.flush()
        if self._line.fileno() in ready:
            self.take_input(self._line.receive())
        if process is not None and process is self._process:
            self._attend(process, ended=process.ended in ready)
        self._act_on_time()

    def _deaf(self) -> int:
        """The line is not read while the program is slow to read data in which a Ctrl-C would be
        just a byte; where it is not, the line has to be watched for one.
        """
        process = self._process
        slow = self._input.full and process is not None and not process.takes_interrupts()
        return select.POLLIN if slow else 0

    def _patience(self) -> float | None:
        """Milliseconds until something falls due; None: nothing will."""
        deadline = min(self._line.deadline(), self._timers.deadline())
        if self._process is not None:
            deadline = min(deadline, self._process.next_nudge)
        if deadline == FOREVER:
            return None
        return max(0.0, (deadline - time.monotonic()) * 1000)

    def _act_on_time(self) -> None:
        cause = self._timers.due()
        if cause:
            self.hard_reset(cause)
        elif self._process is not None and time.monotonic() >= self._process.next_nudge:
            self._process.nudge()

    # Starting and stopping the process

    def _start(self, cause: str) -> None:
        if cause == "power":
            (self._setup.folder / ".board" / "rtc").unlink(missing_ok=True)
        self._cause = cause
        self._heap.begin()
        self.resets += 1
        self._spawn()

    def _spawn(self) -> None:
        self._error = bytearray()  # it says nothing before it is ready, unless it fails
        self._process = Process(self._setup, self._cause, self._input.reader, self._heap.size())

    def _stop(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = None
        self._ready = False
        self._program = 0
        self._error = None
        self._leaves = False
        self._boot_files = None
        self._timers.clear()

    def _started(self, event: Event) -> None:
        """The process is ready: does the firmware find the heap that it was promised?"""
        assert self._process is not None
        if not self._heap.fits(event.number):
            self._process.close()
            self._spawn()
            return
        self._process.interrupt_signal = Signals(event.detail)
        self._ready = True
        self._error = None
        self._boot_files = ["boot.py"] if self._console.raw else ["boot.py", "main.py"]
        self._boot_on()

    def _boot_on(self) -> None:
        """Run the next boot file that exists, or show the REPL."""
        assert self._boot_files is not None
        while self._boot_files:
            name = self._boot_files.pop(0)
            if (self._setup.folder / name).is_file():
                self._run(Kind.FILE, name.encode())
                return
        self._boot_files = None
        self._console.greet()
        self._after_console()

    def _soft_reset(self) -> None:
        self._stop()
        self._console.request = None
        self._start("soft")

    # What the process says

    def _attend(self, process: Process, *, ended: bool) -> None:
        count = 0
        for channel, data in islice(process.messages(), _MESSAGES_A_TURN):
            count += 1
            if channel is Channel.EVENT:
                self._on_event(process.event(data))
                if process is not self._process:
                    return
            elif self._error is not None:
                self._error += data
            else:
                self._line.send(cook(data) if channel is Channel.TEXT else data)
        if ended and count < _MESSAGES_A_TURN:
            self._crashed(process)

    def _on_event(self, event: Event) -> None:
        if event.kind == "R":
            self._started(event)
        elif event.kind == "B":
            self._began = True
            self.take_input(b"")
        elif event.kind == "X":
            self._error = bytearray()
        elif event.kind == "E":
            self._leaves = True
        elif event.kind == "D" and event.number == self._program:
            self._ended()
        elif event.kind == "F":
            self._timers.feed(event.number)
        elif event.kind == "W":
            self._leave(_RESETS[event.detail], event.number)

    def _leave(self, kind: str, milliseconds: int) -> None:
        """The firmware asked for a reset; the process waits to be ended."""
        if kind == "deepsleep":
            self._stop()
            self._timers.sleep(milliseconds)
        elif kind != "soft":  # a soft one comes as SystemExit
            self.hard_reset(kind if kind in ("watchdog", "power") else "hard")

    def _ended(self) -> None:
        """The program has ended: the console has the line again, or booting goes on."""
        error = cook_error(bytes(self._error or b""))
        leaves = self._leaves
        self._program = 0
        self._error = None
        self._leaves = False
        self._held[:0] = self._input.take_back()
        if self._boot_files is None:
            self._console.finished(error, leaves)
            self._after_console()
        elif leaves:
            self._line.send(b"MPY: soft reboot\r\n")
            self._soft_reset()
        else:
            self._line.send(error)
            if error:  # as firmware does: what boot.py could not prepare must not run
                self._boot_files.clear()
            self._boot_on()
        self.take_input(b"")

    def _crashed(self, process: Process) -> None:
        status = process.close()
        self._process = None
        how = f"signal {-status}" if status < 0 else f"status {status}"
        if not self._ready:
            said = bytes(self._error or b"").decode(errors="replace").strip()
            reason = said.rpartition("\n")[2] or how
            raise ToolError(f"MicroPython did not start: {reason}", kind="no_micropython")
        message = f"\r\nvirtual board: MicroPython ended with {how}; resetting\r\n"
        self.hard_reset()
        self._line.send(message.encode())

    # What comes over the line

    def take_input(self, data: bytes) -> None:
        """Bytes came over the line: give them to the program or the console, whichever has the
        line as they are used up.
        """
        if self._process is None:
            return  # asleep
        self._held += data
        while self._held and self._ready and (self._began or not self._program):
            data = bytes(self._held)
            self._held.clear()
            if self._program:
                self._give_program(data)
            else:
                self._held += self._console.receive(data)
                self._after_console()

    def _give_program(self, data: bytes) -> None:
        assert self._process is not None
        before, ctrl_c, after = data.partition(_CTRL_C)
        self._input.write(before)
        if not ctrl_c:
            return
        if not self._process.takes_interrupts():
            self._input.write(ctrl_c)
        else:
            self._process.interrupt()
        self._held += after

    def _after_console(self) -> None:
        self._line.send(self._console.out)
        self._console.out.clear()
        request = self._console.request
        if isinstance(request, Run):
            self._run(Kind.SINGLE if request.single else Kind.EXEC, request.source)
        elif isinstance(request, SoftReset):
            self._soft_reset()

    def _run(self, kind: Kind, source: bytes) -> None:
        assert self._process is not None
        self._began = False
        self._program = self._process.run(kind, source)
