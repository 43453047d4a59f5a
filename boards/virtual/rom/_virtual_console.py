"""Runs on the virtual board before the firmware, and hands it what its serial console is sent.

The host (motelink_tools.board) plays the serial line and the REPLs, this file runs the code. All
channels are inherited: standard input and output are the firmware's own; ``events`` takes what
the host must know (a kind, a detail and a number, see `_tell`); ``commands`` gives what to run (a
kind, a number, a length), and ``source`` is the file that the code is in.

The firmware may fill the heap or lock it, and a Ctrl-C may come at any moment: nothing here
allocates between two commands, Ctrl-C interrupts nothing but a program (_virtual_interrupt), and
the host sends it only after it was told that the program began.
"""

import gc
import struct
import sys

import _virtual_faults
import _virtual_interrupt
import _virtual_state
import ffi
import micropython
import uctypes
import vfs

import __main__

_RUN_FILE = 0
_RUN_SINGLE = 1
_RESETS = ("hard", "soft", "watchdog", "deepsleep", "bootloader", "power")
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_READ_WRITE = 3
_PAGE = 4096
_WIFI_CONNECT_MS = 200
# What each kind of chip has, for the fake hardware beside this file.
_CHIPS = {
    "esp32": {"pins": 49, "led": 2, "input_only": (34, 35, 36, 39)},
    "rp2": {"pins": 30, "led": 25},
}
_HARDWARE = (
    "_machine_pins",
    "_machine_buses",
    "machine",
    "network",
    "ntptime",
    "neopixel",
    "dht",
)

_event = bytearray(6)
_command = bytearray(9)
_done = 0
_events = None
_commands = None
_source = None
_machine = None


def _tell(kind, detail=0, number=0):
    """Kinds: Ready (detail: the signal for Ctrl-C, number: free heap), Began, eXception text
    follows, Exit asked for, Done (number: the command's), reset Wanted (detail: of _RESETS,
    number: ms), watchdog Fed (number: ms).
    """
    struct.pack_into("<BBI", _event, 0, kind, detail, number)
    _events.write(_event)


def _libc():
    return ffi.open("libc.so.6")


def _die_with_host(parent):
    """Linux ends this process when the thread that started it ends, however that came about."""
    libc = _libc()
    libc.func("i", "prctl", "ii")(_PR_SET_PDEATHSIG, _SIGKILL)
    if libc.func("i", "getppid", "")() != parent:
        sys.exit(1)


def _overwrite(place, layout, value):
    """Change one word of the interpreter's constants, which are in read-only pages."""
    _libc().func("i", "mprotect", "Pii")(place & -_PAGE, _PAGE, _READ_WRITE)
    struct.pack_into(layout, uctypes.bytearray_at(place, 8), 0, value)


def _become_board(machine, raw_fd):
    """What tells a board from a host, and cannot be changed from Python.

    The interpreter says what machine it is; sys.stdout.buffer gets a channel of its own, for its
    bytes go to the line as they are, while text gets its line ends converted.
    """
    global _machine
    _machine = machine  # the interpreter points to it from outside the heap
    address = _virtual_state.address
    word = _virtual_state.WORD
    own = sys.implementation._machine
    for index, item in enumerate(sys.implementation):
        if item is own:
            place = address(sys.implementation) + (2 + index) * word
            _overwrite(place, _virtual_state.LAYOUT, address(machine))
    _overwrite(address(sys.stdout.buffer) + word, "<I", raw_fd)


def _on_reset(kind, ms=0):
    _tell(ord("W"), _RESETS.index(kind), ms)
    while kind != "soft":  # the host ends this process
        _commands.readinto(_command)


def _on_feed(timeout_ms):
    _tell(ord("F"), 0, timeout_ms)


def _build_hardware(chip, unique_id, cause):
    """The modules that a board has built in. They stay loaded, and the host adds what they take to
    the heap.
    """
    import _bench

    _bench.platform = chip
    _bench.unique_id = unique_id
    _bench.state_file = "/.board/nvs"
    _bench.rtc_file = "/.board/rtc"
    for name, value in _CHIPS[chip].items():
        setattr(_bench, name, value)
    import _virtual_os
    import _virtual_socket
    import _virtual_time
    import _virtual_wire

    _virtual_wire.install()
    _virtual_os._platform = chip
    sys.modules["os"] = _virtual_os
    sys.modules["time"] = _virtual_time
    sys.modules["socket"] = _virtual_socket
    _bench.set_time = _virtual_time.set_time
    for name in _HARDWARE:
        __import__(name)
    if chip == "esp32":
        import esp32  # noqa: F401
    else:
        import rp2  # noqa: F401
    sys.modules["ntptime"].server = _virtual_faults.ask_time
    network = sys.modules["network"]
    air = network.air
    air.everywhere = _virtual_faults.everywhere(network._air.Network)
    air.connect_ms = _WIFI_CONNECT_MS
    air.address = air.gateway = "127.0.0.1"  # its sockets are the host's
    air.netmask = "255.0.0.0"
    machine = sys.modules["machine"]
    machine._on_reset = _on_reset
    machine._on_feed = _on_feed
    _bench.restart(cause)


def _mount(folder, flash_size):
    import _virtual_flash

    vfs.umount("/")
    vfs.mount(_virtual_flash.Flash(folder, flash_size), "/")
    sys.path[:] = ["", ".frozen", "/lib"]
    sys.argv[:] = []


def _number():
    """The number of the last command, read without allocating."""
    return _command[1] | _command[2] << 8 | _command[3] << 16


def _length():
    return _command[5] | _command[6] << 8 | _command[7] << 16 | _command[8] << 24


def _execute():
    scope = __main__.__dict__
    try:
        _virtual_interrupt.enable()
        _tell(ord("B"))
        _source.seek(0)
        if _command[0] == _RUN_FILE:
            execfile(_source.read(_length()).decode(), scope)  # noqa: F821
        else:
            mode = "single" if _command[0] == _RUN_SINGLE else "exec"
            exec(compile(_source.read(_length()), "<stdin>", mode), scope)  # noqa: S102
        _virtual_interrupt.disable()
    except SystemExit:
        _virtual_interrupt.disable()
        _unlock_heap()
        _tell(ord("E"))
    except BaseException as error:
        _virtual_interrupt.disable()
        _unlock_heap()
        _tell(ord("X"))
        sys.print_exception(error)


def _unlock_heap():
    """Firmware that failed under heap_lock leaves it locked, and a REPL could not do a thing."""
    micropython.heap_lock()
    while micropython.heap_unlock():
        pass


def _serve():
    global _done
    while True:
        try:
            while True:
                if _number() != _done:
                    _unlock_heap()
                    _tell(ord("D"), 0, _number())
                    _done = _number()
                if not _commands.readinto(_command):
                    sys.exit()  # the host has closed the board
                _execute()
        except KeyboardInterrupt as error:  # it came while the program was ending
            _virtual_interrupt.disable()
            _unlock_heap()
            if _number() != _done:
                _tell(ord("X"))
                sys.print_exception(error)


def main(setup):
    global _events, _commands, _source
    _die_with_host(setup["host"])
    _events = open(setup["events"], "wb")  # noqa: SIM115 for life
    _commands = open(setup["commands"], "rb")  # noqa: SIM115 for life
    _source = open(setup["source"], "rb")  # noqa: SIM115 for life
    state = _virtual_state.find()
    interrupt = _virtual_interrupt.install(state)
    _become_board(setup["machine"], setup["raw"])
    _virtual_faults.attach(setup["faults"])
    _build_hardware(setup["chip"], setup["unique_id"], setup["cause"])
    _mount(setup["folder"], setup["flash"])
    __main__.__dict__.clear()
    __main__.__name__ = "__main__"
    setup.clear()
    if state is not None:
        _virtual_state.close_names(state)
    gc.collect()
    _tell(ord("R"), interrupt, gc.mem_free())
    _serve()
