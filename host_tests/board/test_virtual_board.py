"""The virtual board as a machine: heap, flash, resets, sleep, and the process behind it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from motelink_tools import micropython
from motelink_tools.board import State, VirtualBoard
from motelink_tools.errors import ToolError

DEADLINE_S = 60


def wait_for(condition, what):
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE_S} s for {what}"
        time.sleep(0.01)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.parametrize("suite", ["trixie", "forky"])
@pytest.mark.parametrize(("heap", "free"), [("24k", 24576), ("64k", 65536), ("200k", 204800)])
def test_firmware_finds_the_heap_that_was_asked_for(mpremote, tmp_path, suite, heap, free):
    interpreter = micropython.find(suite=suite)
    with VirtualBoard(tmp_path / "other", heap=heap, interpreter=interpreter) as board:
        ask = "import gc; gc.collect(); print(gc.mem_free())"
        found = int(mpremote.on(board.port)("exec", ask))
    assert abs(found - free) < 2048


# What 250 names take: tables of 20, 40, 80 and 160 places, and the texts.
NAMES = """\
import gc
gc.collect()
free = gc.mem_free()
for i in range(250):
    exec("name_%d = 0" % i, {})
gc.collect()
print(free - gc.mem_free())
"""


@pytest.mark.parametrize("suite", ["trixie", "forky"])
def test_names_take_what_they_take_where_the_hardware_is_in_rom(mpremote, tmp_path, suite):
    """The board's own names must neither leave free places to the firmware, nor have the next,
    twice as large table fall to it too early."""
    interpreter = micropython.find(suite=suite)
    command = interpreter.command("-c", NAMES, heap="64k")
    bare = int(subprocess.run(command, capture_output=True, check=True).stdout)
    with VirtualBoard(tmp_path / "other", heap="64k", interpreter=interpreter) as board:
        found = int(mpremote.on(board.port)("exec", NAMES))
    assert abs(found - bare) < 512
    assert found > 250 * 7


def test_it_says_which_board_it_is(mpremote):
    said = mpremote("exec", "import os; print(os.uname().machine)")
    assert said.startswith("motelink virtual board")
    assert mpremote("exec", "import sys; print(sys.implementation._machine)") == said
    assert mpremote("exec", "import sys; print(sys.path)") == "['', '.frozen', '/lib']\n"


def test_the_chosen_chip_has_its_modules_and_not_the_others(mpremote, tmp_path):
    with VirtualBoard(tmp_path / "rp2", chip="rp2") as rp2:
        mpremote.on(rp2.port)("exec", "import rp2, machine, network, neopixel")
        assert "ImportError" in mpremote.on(rp2.port).fails("exec", "import esp32")
    mpremote("exec", "import esp32, machine, network, ntptime")
    assert "ImportError" in mpremote.fails("exec", "import rp2")


def test_wifi_connects_and_sockets_are_the_hosts(mpremote):
    said = mpremote(
        "exec",
        "import network, time\n"
        "w = network.WLAN(network.STA_IF); w.active(True); w.connect('any', 'password')\n"
        "print(w.isconnected())\n"
        "while not w.isconnected(): time.sleep_ms(10)\n"
        "print(w.ifconfig()[0])",
    )
    assert said == "False\n127.0.0.1\n"


def test_files_survive_the_board(mpremote, tmp_path):
    folder = tmp_path / "kept"
    with VirtualBoard(folder) as board:
        mpremote.on(board.port)("exec", "with open('data', 'w') as f: f.write('kept')")
    with VirtualBoard(folder) as board:
        assert mpremote.on(board.port)("cat", "data") == "kept"


def test_a_write_that_does_not_fit_fails_in_the_middle(mpremote, tmp_path):
    with VirtualBoard(tmp_path / "small", flash="32k") as board:
        said = mpremote.on(board.port)(
            "exec",
            "f = open('log', 'wb')\n"
            "try:\n"
            "    while True: f.write(bytes(3000))\n"
            "except OSError as error: print(error.errno)\n"
            "f.close()\n"
            "import os; print(os.stat('log')[6])\n"
            "os.remove('log'); print(os.statvfs('/')[3])",
        )
    code, size, free_blocks = (int(line) for line in said.splitlines())
    assert code == 28
    assert size == 6 * 4096  # of 8 blocks, the root folder takes two
    assert free_blocks == 6


def test_paths_do_not_lead_out_of_the_board(mpremote, tmp_path):
    (tmp_path / "secret").write_text("host")
    assert "ENOENT" in mpremote.fails("exec", "open('/../secret')")
    assert mpremote("exec", "import os; os.mkdir('/a'); os.chdir('/a'); os.chdir('..')") == ""
    assert mpremote("exec", "import os; os.chdir('/a'); print(os.listdir('..'))") == "['a']\n"


def test_committed_settings_survive_a_reset_outside_the_file_system(mpremote, board):
    mpremote("exec", "import esp32; n = esp32.NVS('app'); n.set_i32('n', 7); n.commit()")
    board.hard_reset()
    said = mpremote("exec", "import esp32, os; print(esp32.NVS('app').get_i32('n'), os.listdir())")
    assert said == "7 []\n"


def test_reset_and_its_cause(board, terminal):
    for ask, cause in ((b"machine.reset()", b"HARD"), (b"machine.deepsleep(20)", b"DEEPSLEEP")):
        before = board.resets
        kept = b"machine.RTC().memory(" + repr(cause).encode() + b"); "
        terminal.send(b"import machine; " + kept + ask + b"\r")
        wait_for(lambda before=before: board.resets > before, "a reset")
        terminal.expect(b">>> ")
        terminal.ask(b"import machine\r")
        said = terminal.ask(b"machine.reset_cause() == machine." + cause + b"_RESET\r")
        assert said.endswith(b"True\r\n")
        assert terminal.ask(b"machine.RTC().memory()\r").endswith(repr(cause).encode() + b"\r\n")


def test_a_reset_cannot_be_caught(board, terminal):
    (board.folder / "main.py").write_text("print('started')\n")
    terminal.ask(b"\x05", b"=== ")
    program = b"import machine\rtry:\r  machine.reset()\rexcept BaseException:\r  print('no')\r"
    assert b"\r\nno\r\n" not in terminal.ask(program + b"\x04", b"started\r\n")


def test_an_unfed_watchdog_bites(board, terminal):
    terminal.ask(b"import machine; w = machine.WDT(timeout=1000)\r")
    wait_for(lambda: board.resets == 2, "the watchdog")
    terminal.expect(b">>> ")
    terminal.ask(b"import machine\r")
    said = terminal.ask(b"machine.reset_cause() == machine.WDT_RESET\r")
    assert said.endswith(b"True\r\n")


def test_timers_call_back_while_firmware_sleeps(terminal):
    terminal.ask(b"from machine import Timer; import time; n = []\r")
    terminal.ask(b"t = Timer(0, period=5, callback=lambda t: n.append(1))\r")
    terminal.ask(b"while len(n) < 3: time.sleep_ms(50)\r\r")
    assert terminal.ask(b"len(n) >= 3\r").endswith(b"True\r\n")


def test_suspend_and_resume(board, terminal):
    (board.folder / "count.py").write_text(
        "n = 0\nwhile True:\n    n += 1\n    with open('n', 'w') as f: f.write(str(n))\n"
    )
    count = board.folder / "n"

    def counted():
        text = count.read_text() if count.exists() else ""
        return int(text or 0)

    terminal.ask(b"import count\r", b"import count\r\n")
    wait_for(lambda: counted() > 0, "the count")
    board.suspend()
    assert board.state is State.SUSPENDED
    status = Path(f"/proc/{board.pid}/status")
    wait_for(lambda: "State:\tT" in status.read_text(), "the process to stop")
    frozen = counted()
    board.resume()
    wait_for(lambda: counted() > frozen + 1, "the count to go on")
    assert board.state is State.RUNNING


def test_output_that_nobody_reads_does_not_stop_the_firmware(board, mpremote):
    (board.folder / "main.py").write_text(
        "for n in range(3000): print('x' * 100)\nopen('done', 'w').close()\nwhile True: pass\n"
    )
    board.hard_reset()
    wait_for((board.folder / "done").exists, "main.py to get through")
    assert mpremote("eval", "1 + 1") == "2\n"


def test_an_interpreter_that_dies_is_a_reset(board, terminal):
    assert board.pid is not None
    os.kill(board.pid, signal.SIGKILL)
    said = terminal.expect(b">>> ")
    assert b"MicroPython ended with signal 9; resetting" in said
    assert board.resets == 2


def test_ctrl_c_at_every_moment_leaves_a_working_board(terminal, board):
    terminal.send(b"\x01")
    terminal.expect(b"to exit\r\n>")
    interrupted = 0
    for n in range(200):
        program = b"d = {}\nfor i in range(%d): d[i & 31] = str(i)\nprint('end')\x04" % (n * 10)
        terminal.send(program)
        if n % 2:
            terminal.expect(b"OK")
        terminal.send(b"\x03")
        said = terminal.expect(b"\x04>")
        interrupted += b"KeyboardInterrupt" in said
        assert b"end\r\n" in said or b"KeyboardInterrupt" in said, said
    assert interrupted > 0
    assert board.resets == 1


def test_state_and_close(tmp_path):
    board = VirtualBoard(tmp_path)
    assert board.state is State.OFF
    with pytest.raises(ToolError, match="not started"):
        board.port  # noqa: B018
    with board:
        wait_for(lambda: board.state is State.REPL, "the REPL")
        pid = board.pid
        assert pid is not None
        assert is_running(pid)
    assert board.state is State.OFF
    assert not is_running(pid)
    board.close()


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(ToolError, match="expected a size"):
        VirtualBoard(tmp_path, heap="lots")
    with pytest.raises(ToolError, match="expected a size"):
        VirtualBoard(tmp_path, flash="1k")
    with pytest.raises(ToolError, match="esp32 or rp2"):
        VirtualBoard(tmp_path, chip="z80")
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError, match="cannot make the link"):
        VirtualBoard(tmp_path, link=tmp_path / "file").start()


class TestCommand:
    """``motelink board`` as a process."""

    @pytest.fixture
    def start(self, tmp_path):
        started = []

        def run(*options):
            process = subprocess.Popen(
                [sys.executable, "-m", "motelink_tools", "board", *options],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                text=True,
            )
            started.append(process)
            return process

        yield run
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()

    def test_json_names_the_port_and_sigterm_ends_it(self, start, mpremote):
        process = start("--json", "--count", "2")
        boards = [json.loads(process.stdout.readline()) for _ in range(2)]
        for board in boards:
            assert mpremote.on(board["port"])("eval", "1 + 1") == "2\n"
        process.terminate()
        assert process.wait(DEADLINE_S) == 0
        assert not any(is_running(board["pid"]) for board in boards)

    def test_killing_the_tool_leaves_no_process(self, start):
        process = start("--json")
        board = json.loads(process.stdout.readline())
        assert is_running(board["pid"])
        process.kill()
        process.wait(DEADLINE_S)
        wait_for(lambda: not is_running(board["pid"]), "the board's process to end")

    def test_text_says_how_to_connect(self, start):
        process = start()
        first, second = process.stdout.readline(), process.stdout.readline()
        port = first.split()[0]
        assert f"mpremote connect {port}" in second
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == 0


def test_a_folder_has_one_board_at_a_time(tmp_path: Path) -> None:
    with VirtualBoard(tmp_path / "board"):
        with pytest.raises(ToolError, match="already; end that one") as info:
            VirtualBoard(tmp_path / "board").start()
        assert info.value.kind == "running"
    with VirtualBoard(tmp_path / "board"):
        pass


def test_what_the_board_writes_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Wi-Fi passwords are among it."""
    (tmp_path / "boot.py").write_text(
        "f = open('secrets.toml', 'w')\nf.write('x')\nf.close()\n"
        "from esp32 import NVS\nn = NVS('motelink')\nn.set_blob('secrets', b'x')\nn.commit()\n"
    )
    with VirtualBoard(tmp_path):
        files = [tmp_path / "secrets.toml", tmp_path / ".board" / "nvs"]
        wait_for(lambda: all(file.exists() for file in files), "the files")
    assert [file.stat().st_mode & 0o077 for file in files] == [0, 0]
