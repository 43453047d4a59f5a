"""The MicroPython process behind a virtual board, and the channels to it.

What the process prints (text, its line ends still to be converted), what it writes to
``sys.stdout.buffer`` (bytes), and what it tells the host (events) must stay in the order in which
they happened. So all three arrive in one datagram socket, and the address of the sender says
which is which. Linux only: /proc, process file descriptors, self-named Unix sockets.
"""

import os
import re
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from motelink_tools.micropython import Interpreter

_EVENT = struct.Struct("<BBI")
_COMMAND = struct.Struct("<BII")
_NUMBERS = 1 << 24
_LARGEST_DATAGRAM = 1 << 20
_FIRST_NUDGE_S = 0.02
_LAST_NUDGE_S = 0.4
_NEVER = float("inf")
_SEND_BUFFER = 1 << 18  # at most this much is written at once


class Channel(Enum):
    """Where a message of the process comes from."""

    TEXT = "text"
    BYTES = "bytes"
    EVENT = "event"


class Kind(Enum):
    """What to run, see _virtual_console."""

    FILE = 0
    SINGLE = 1
    EXEC = 2


@dataclass(frozen=True)
class Event:
    """``kind``: R ready, B program began, X error text follows, E exit asked for, D done, W reset
    wanted, F watchdog fed. ``detail`` and ``number``: see _virtual_console.
    """

    kind: str
    detail: int
    number: int


@dataclass(frozen=True)
class Setup:
    """What a board is made of. ``heap`` and ``flash`` in bytes; ``faults``: the descriptor of the
    page that says what happens around it.
    """

    interpreter: Interpreter
    firmware: Path
    folder: Path
    heap: int
    flash: int
    chip: str
    machine: str
    unique_id: bytes
    faults: int


class Process:
    """One run of MicroPython, from one reset to the next. ``console_in`` is what it reads as its
    standard input; ``heap_size`` what ``-X heapsize`` is given."""

    def __init__(self, setup: Setup, cause: str, console_in: int, heap_size: int) -> None:
        self._number = 0
        self.interrupt_signal = signal.SIGINT  # the process says which when it is ready
        self.next_nudge = _NEVER
        self._nudge_delay = _FIRST_NUDGE_S
        self._inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._inbox.bind("")
        self._inbox.setblocking(False)
        senders = {channel: self._sender() for channel in Channel}
        self._channels = {sock.getsockname(): channel for channel, sock in senders.items()}
        commands, self._commands = os.pipe()
        self._source = os.memfd_create("motelink-source")
        channels = {
            "events": senders[Channel.EVENT].fileno(),
            "raw": senders[Channel.BYTES].fileno(),
            "commands": commands,
            "source": self._source,
            "faults": setup.faults,
        }
        arguments = {
            **channels,
            "host": os.getpid(),
            "folder": str(setup.folder),
            "flash": setup.flash,
            "chip": setup.chip,
            "machine": setup.machine,
            "unique_id": setup.unique_id,
            "cause": cause,
        }
        text = senders[Channel.TEXT].fileno()
        self._child = subprocess.Popen(
            setup.interpreter.command(
                "-c",
                f"import _virtual_console as c;c.main({arguments!r})",
                heap=str(heap_size),
            ),
            stdin=console_in,
            stdout=text,
            stderr=text,
            pass_fds=tuple(channels.values()),
            cwd="/",
            umask=0o077,  # its flash may hold secrets
            process_group=0,  # a Ctrl-C that is meant for the tool is not meant for the firmware
            env={"MICROPYPATH": f"{setup.firmware}:.frozen", "TZ": "UTC"},
        )
        self.pid = self._child.pid
        self.ended = os.pidfd_open(self.pid)  # becomes readable when the process has ended
        os.close(commands)
        for sock in senders.values():
            sock.close()

    def _sender(self) -> socket.socket:
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.bind("")
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        sender.connect(self._inbox.getsockname())
        return sender

    def fileno(self) -> int:
        """Readable when `messages` has something."""
        return self._inbox.fileno()

    def messages(self) -> Iterator[tuple[Channel, bytes]]:
        """What has arrived, in order; never blocks."""
        while True:
            try:
                data, sender = self._inbox.recvfrom(_LARGEST_DATAGRAM)
            except BlockingIOError:
                return
            channel = self._channels.get(sender)
            if channel is not None:
                yield channel, data

    @staticmethod
    def event(data: bytes) -> Event:
        kind, detail, number = _EVENT.unpack(data)
        return Event(chr(kind), detail, number)

    def run(self, kind: Kind, source: bytes) -> int:
        """Start some code (or the file of that name); its number, which the event D will carry."""
        self._number = (self._number + 1) % _NUMBERS
        self.next_nudge = _NEVER
        os.pwrite(self._source, source, 0)
        with suppress(BrokenPipeError):  # it has just ended, which `ended` reports
            os.write(self._commands, _COMMAND.pack(kind.value, self._number, len(source)))
        return self._number

    def takes_interrupts(self) -> bool:
        """Whether a Ctrl-C interrupts the firmware. If not, it asked (micropython.kbd_intr) for
        the character as data.
        """
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:  # it has just ended
            return True
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", status, re.MULTILINE)
        return caught is None or bool(int(caught[1], 16) & 1 << (signal.SIGINT - 1))

    def interrupt(self) -> None:
        """Ctrl-C: raise KeyboardInterrupt in the firmware."""
        self._signal(self.interrupt_signal)
        if self.interrupt_signal == signal.SIGUSR1:
            self._nudge_delay = _FIRST_NUDGE_S
            self.next_nudge = time.monotonic() + self._nudge_delay

    def nudge(self) -> None:
        """End a blocking call that may have begun just when the firmware was interrupted. To be
        called at ``next_nudge``.
        """
        self._signal(signal.SIGUSR2)
        self._nudge_delay *= 2
        last = self._nudge_delay > _LAST_NUDGE_S
        self.next_nudge = _NEVER if last else time.monotonic() + self._nudge_delay

    def faults_changed(self) -> None:
        """Have it look at the page of the faults."""
        self._signal(signal.SIGURG)

    def suspend(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.ended, number)

    def close(self) -> int:
        """End it and free everything; its exit status (negative: the signal that ended it)."""
        self.kill()
        status = self._child.wait()
        self._inbox.close()
        for descriptor in (self._commands, self._source, self.ended):
            os.close(descriptor)
        return status
