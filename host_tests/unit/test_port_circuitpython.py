"""motelink.port on CircuitPython, among faithful fakes of its modules: the shared bodies that run
on every runtime, and what is particular there.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from motelink_tools import paths
from motelink_tools.flash.sources import library_modules

FAKES = Path(__file__).parents[1] / "circuitpython"

# What cannot be so on CircuitPython.
LEFT_OUT = [
    "test_connect_has_a_deadline",  # connecting blocks, for 5 s
    "test_file_is_read_once",  # the runtime reads settings.toml itself, every time
]

EVERYTHING = [
    "backoff",
    "buffer",
    "clock",
    "commute",
    "identity",
    "iottalk_dan",
    "jsonw",
    "log",
    "loop",
    "loop_clients",
    "losant_state",
    "manager_client",
    "manager_failures",
    "manager_live",
    "manager_memory",
    "manager_reconnect",
    "manager_send",
    "mqtt_client",
    "mqtt_session",
    "node",
    "node_board",
    "node_clock",
    "node_watchdog",
    "node_wifi",
    "outbox",
    "outbox_flash",
    "outbox_window",
    "port",
    "sepl_connector",
    "sepl_devices",
    "settings",
    "storage",
    "stream",
    "websocket_client",
    "websocket_frames",
    "websocket_handshake",
    "websocket_memory",
    "websocket_sending",
    "websocket_violations",
]
# Where the boards differ.
SOCKETS = ["manager_client", "manager_reconnect", "stream"]

RUNS = [
    *(("espressif", name) for name in EVERYTHING),
    *(("raspberrypi", name) for name in SOCKETS),
    ("espressif-without-select", "manager_reconnect"),
    ("raspberrypi-without-select", "loop"),
]


def _run(board: str, program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(FAKES / "interpreter.py"), board, program, *arguments],
        env={**os.environ, "PYTHONPATH": str(paths.library())},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("board", "module"), RUNS, ids=["-".join(run) for run in RUNS])
def test_shared_bodies(board: str, module: str) -> None:
    output = _run(board, str(FAKES / "bodies.py"), f"test_{module}", *LEFT_OUT)
    ran, failed = json.loads(output)
    assert ran
    assert not failed, "\n".join(failed.values())


def _evaluate(folder: Path, *lines: str, board: str = "espressif") -> list[object]:
    """What these lines leave in ``found``."""
    program = folder / "program.py"
    program.write_text(
        "\n".join(["found = []", *lines, "import json", "print(json.dumps(found))"])
    )
    values: list[object] = json.loads(_run(board, str(program)).splitlines()[-1])
    return values


def test_ticks_go_on_where_the_supervisors_wrap(tmp_path: Path) -> None:
    now = [(1 << 29) - 5, (1 << 29) - 1, 0, 4, (1 << 29) - 1, 3]
    found = _evaluate(
        tmp_path,
        "from motelink import port, _port_circuitpython",
        f"supervisor = iter({now})",
        "start = port.ticks_ms()",
        "_port_circuitpython.supervisor.ticks_ms = lambda: next(supervisor)",
        "first = port.ticks_ms()",
        f"for _ in range({len(now) - 1}):",
        "    found.append(port.ticks_diff(port.ticks_ms(), first))",
    )
    # From the fourth on it is more than the 6 days that ticks_diff can tell.
    assert found == [4, 5, 9, 4 - (1 << 29), 8 - (1 << 29)]


def test_sockets_are_tried_unasked_behind_a_busy_week(tmp_path: Path) -> None:
    found = _evaluate(
        tmp_path,
        "from motelink import port, _port_circuitpython",
        "now = 0",
        "_port_circuitpython.ticks_ms = lambda: now",
        "class Stream:",
        "    sock = 'socket'",
        "class Poll:",
        "    said = [('socket', 1)]",
        "    def register(self, sock, mask):",
        "        pass",
        "    def poll(self, ms):",
        "        return self.said",
        "poller = port.poller()",
        "poller._poll = Poll()",
        "poller.register(Stream, 1)",
        "for _ in range(7 * 24):",
        "    now += 3600000",
        "    poller.ipoll(0)",
        "Poll.said = []",
        "for ms in (0, 999, 1):",
        "    now += ms",
        "    found.append(len(list(poller.ipoll(0))))",
    )
    assert found == [1, 0, 1]


def test_board_is_known_and_reset(tmp_path: Path) -> None:
    found = _evaluate(
        tmp_path,
        "from motelink import port",
        "found += [port.RUNTIME, port.unique_id().hex(), port.heap_lock()]",
        "try:",
        "    port.reset()",
        "except SystemExit:",
        "    found.append('reset')",
    )
    assert found == ["circuitpython", "deadbeef", None, "reset"]


def test_settings_come_from_the_runtime_where_it_can_read_them(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('ssid = "x"\nport = 8595\nfast = true\nrate = 1.5\n')
    found = _evaluate(
        tmp_path,
        "import os",
        f"os.chdir({str(tmp_path)!r})",
        "from motelink import port",
        "from motelink.settings import Settings",
        "settings = Settings()",
        "found += [port.getenv('ssid'), port.getenv('fast')]",
        "found += [settings.text('ssid'), settings.integer('port')]",
        "found += [settings.flag('fast'), settings.number('rate'), settings.text('none', 'no')]",
    )
    assert found == ["x", None, "x", 8595, True, 1.5, "no"]


@pytest.mark.parametrize("board", ["espressif", "raspberrypi"])
def test_connecting_is_bounded_and_leaves_no_socket(tmp_path: Path, board: str) -> None:
    found = _evaluate(
        tmp_path,
        "import os, socket",
        "from motelink import port, _port_circuitpython",
        "_port_circuitpython._CONNECT_S = 0.3",
        "silent = socket.create_server(('127.0.0.1', 0), backlog=0)",
        "address = port.resolve(*silent.getsockname())",
        "others = [socket.socket() for _ in range(4)]",
        "for other in others:",
        "    other.setblocking(False)",
        "    other.connect_ex(address)",
        "opened = len(os.listdir('/proc/self/fd'))",
        "try:",
        "    port.tcp_open(address)",
        "except OSError as error:",
        "    found.append(error.errno in (110, 115))",
        "found.append(len(os.listdir('/proc/self/fd')) == opened)",
        board=board,
    )
    assert found == [True, True]


def test_it_is_not_sent_to_other_boards() -> None:
    names = {path.name for path in library_modules()}
    assert "_port_micropython.py" in names
    assert not {name for name in names if "circuitpython" in name}
