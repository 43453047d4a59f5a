"""Faults around a virtual board, as firmware on it meets them; and how they are set."""

import json
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from motelink_tools.board import VirtualBoard
from motelink_tools.board.faults import FAULTS
from motelink_tools.errors import ToolError

from ..integration.certificates import Authority
from .conftest import Terminal
from .firmware import wait_for

NAMES = [kind.name for kind in FAULTS]


@pytest.fixture
def peer():
    """A server, to whose port firmware connects."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def values(terminal, expression):
    """What the board says an expression is."""
    terminal.ask(b"import os, socket, time, network\r")
    said = terminal.ask(expression.encode() + b"\r")
    return said.decode().partition("\r\n")[2].strip()


def connect(terminal, peer):
    """``s`` on the board, a non-blocking socket; its other end."""
    terminal.ask(b"import socket; s = socket.socket()\r")
    where = f"s.connect(socket.getaddrinfo('127.0.0.1', {peer.getsockname()[1]})[0][-1])\r"
    terminal.ask(where.encode())
    other, _ = peer.accept()
    other.settimeout(30)
    terminal.ask(b"s.setblocking(False)\r")
    return other


def test_wifi_is_lost_and_comes_back(board, terminal):
    terminal.ask(b"import network; w = network.WLAN(network.STA_IF); w.active(True)\r")
    terminal.ask(b"w.connect('any')\r")
    wait_for(lambda: values(terminal, "w.isconnected()") == "True", "Wi-Fi")
    board.faults.set("wifi-loss")
    assert values(terminal, "w.isconnected()") == "False"
    time.sleep(0.4)  # longer than joining takes
    assert values(terminal, "w.isconnected()") == "False"
    assert "OSError: -2" in values(terminal, "socket.getaddrinfo('localhost', 1)")
    board.faults.clear("wifi-loss")
    wait_for(lambda: values(terminal, "w.isconnected()") == "True", "Wi-Fi")


def test_connections_go_silent_without_wifi_and_lose_nothing(board, terminal, peer):
    with connect(terminal, peer) as other:
        board.faults.set("wifi-loss")
        other.send(b"late")
        assert values(terminal, "s.read(4), s.write(b'x')") == "(None, None)"
        for call in ("s.recv(4)", "s.send(b'x')"):
            assert "EAGAIN" in values(terminal, call)
        other.settimeout(0.1)
        with pytest.raises(TimeoutError):
            other.recv(1)
        assert "EHOSTUNREACH" in values(
            terminal, "socket.socket().connect(socket.getaddrinfo('127.0.0.1', 1)[0][-1])"
        )
        board.faults.clear("wifi-loss")
        assert values(terminal, "s.read(4), s.write(b'x')") == "(b'late', 1)"
        other.settimeout(30)
        assert other.recv(1) == b"x"


def test_a_blocking_socket_waits_until_wifi_is_back(board, terminal, peer):
    with connect(terminal, peer) as other:
        terminal.ask(b"s.setblocking(True)\r")
        board.faults.set("wifi-loss")
        other.send(b"late")
        terminal.send(b"s.read(4)\r")
        time.sleep(0.2)
        board.faults.clear("wifi-loss")
        assert terminal.expect(b">>> ").endswith(b"b'late'\r\n>>> ")


def test_dns_hangs_for_names_only(board, terminal):
    board.faults.set("dns-hang", "0.5")
    terminal.ask(b"import time; t = time.ticks_ms()\r")
    assert "OSError: -2" in values(terminal, "socket.getaddrinfo('localhost', 1)")
    assert int(values(terminal, "time.ticks_diff(time.ticks_ms(), t)")) >= 500
    assert values(terminal, "len(socket.getaddrinfo('127.0.0.1', 1)) > 0") == "True"
    board.faults.set("dns-hang", 60)
    terminal.send(b"socket.getaddrinfo('localhost', 1)\r")
    terminal.send(b"\x03")
    terminal.expect(b"KeyboardInterrupt: \r\n>>> ")


def test_a_slow_link_passes_so_much_a_second(board, terminal, peer):
    with connect(terminal, peer) as other:
        board.faults.set("slow-link", 2000)
        sent = int(values(terminal, "s.write(bytes(1000))"))
        assert 0 < sent <= 100  # a twentieth of a second
        began = time.monotonic()
        terminal.ask(b"s.setblocking(True); s.write(bytes(%d))\r" % (1000 - sent))
        received = b""
        while len(received) < 1000:
            received += other.recv(1000)
        assert 0.3 < time.monotonic() - began < 10


def test_tls_meets_them_too(board, terminal, peer, tmp_path):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*Authority(tmp_path, "authority").issue("server", "127.0.0.1"))
    board.faults.set("slow-link", 20000)
    with connect(terminal, peer) as other, ThreadPoolExecutor() as thread:
        secured = thread.submit(server.wrap_socket, other, server_side=True)
        terminal.ask(b"import tls; c = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)\r")
        terminal.ask(b"s.setblocking(True); c.verify_mode = tls.CERT_NONE\r")
        terminal.ask(b"t = c.wrap_socket(s); s.setblocking(False)\r")
        with secured.result(30) as secure:
            board.faults.clear("slow-link")
            assert values(terminal, "t.write(b'there')") == "5"
            assert secure.recv(5) == b"there"
            board.faults.set("wifi-loss")
            secure.send(b"back")
            assert values(terminal, "t.read(4), t.write(b'x')") == "(None, None)"
            board.faults.clear("wifi-loss")
            assert values(terminal, "t.read(4)") == "b'back'"


@pytest.mark.parametrize(("chip", "year"), [("esp32", 2000), ("rp2", 2021)])
def test_the_clock_shows_what_the_chip_begins_with(tmp_path, mpremote, chip, year):
    with VirtualBoard(tmp_path / "other", chip=chip) as board:
        board.faults.set("clock-unset")
        ask = "import time, ntptime\nprint(time.gmtime()[0], time.time() - time.mktime("
        ask += f"({year}, 1, 1, 0, 0, 0, 0, 0)) < 60)\n"
        ask += "try: ntptime.settime()\nexcept OSError as error: print(error.errno)\n"
        ask += "import machine; machine.RTC().datetime((2026, 5, 1, 0, 12, 0, 0, 0))\n"
        ask += "print(time.gmtime()[:4])"
        said = mpremote.on(board.port)("exec", ask)
    assert said == f"{year} True\n110\n(2026, 5, 1, 12)\n"


def test_the_time_is_the_hosts_without_the_fault(terminal):
    assert abs(int(values(terminal, "int(time.time())")) - time.time()) < 5


def test_a_full_file_system(board, terminal):
    (board.folder / "old").write_text("x" * 4000)
    board.faults.set("full-fs")
    assert values(terminal, "os.statvfs('/')[3]") == "0"
    assert "28" in values(terminal, "open('new', 'w').write('x')")
    assert "28" in values(terminal, "os.mkdir('folder')")
    assert values(terminal, "len(open('old').read())") == "4000"
    board.faults.clear("full-fs")
    assert values(terminal, "open('new', 'w').write('x')") == "1"


def test_the_power_goes_in_the_middle_of_a_write(board, terminal):
    board.faults.set("brown-out", 10)
    assert values(terminal, "f = open('log', 'wb'); f.write(b'1234')").endswith("4")
    assert board.faults.active == {"brown-out": 6}
    terminal.send(b"f.write(b'5678901'); f.write(b'never')\r")
    terminal.expect(b"\r\n>>> ")
    wait_for(lambda: board.resets == 2, "a reset")
    assert (board.folder / "log").read_bytes() == b"1234567890"
    assert board.faults.active == {}


def test_the_power_goes_and_comes_back(board, terminal):
    before = board.pid
    terminal.ask(b"import machine; machine.RTC().memory(b'kept'); f = open('log', 'wb')\r")
    terminal.ask(b"f.write(b'there')\r")
    board.faults.set("power-cut")
    terminal.expect(b">>> ")
    assert (board.resets, board.faults.active) == (2, {})
    assert board.pid != before
    assert (board.folder / "log").read_bytes() == b"there"
    terminal.ask(b"import machine\r")
    assert values(terminal, "machine.reset_cause() == machine.PWRON_RESET") == "True"
    assert values(terminal, "machine.RTC().memory()") == "b''"


def test_faults_outlast_resets_and_the_power(tmp_path, mpremote):
    board = VirtualBoard(tmp_path / "other")
    board.faults.set("wifi-loss")
    board.faults.set("full-fs")
    ask = "import os; print(os.statvfs('/')[3])"
    with board:
        assert mpremote.on(board.port)("exec", ask) == "0\n"
        terminal = Terminal(board.port)
        board.hard_reset()
        terminal.expect(b">>> ")  # a Ctrl-C that comes while it boots may be lost
        terminal.close()
        assert mpremote.on(board.port)("exec", ask) == "0\n"
    with board:
        assert mpremote.on(board.port)("exec", ask) == "0\n"
        assert board.faults.active == {"wifi-loss": None, "full-fs": None}


def test_without_faults_a_socket_costs_what_it_costs(board, terminal, peer):
    with connect(terminal, peer):
        terminal.ask(b"import micropython as m; b = bytearray(8); x = 0\r")
        for name in ("slow-link", "wifi-loss"):
            board.faults.set(name)
            board.faults.clear(name)
        locked = b"m.heap_lock(); x = s.readinto(b); x = s.write(b); x = m.heap_unlock()\r"
        assert b"Error" not in terminal.ask(locked)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("flood", None, "there are wifi-loss, dns-hang"),
        ("wifi-loss", 3, "takes no value"),
        ("slow-link", 0, "expected a number of bytes/s, got 0"),
        ("slow-link", "nan", "expected a number of bytes/s"),
        ("dns-hang", "soon", "expected a number of s"),
        ("power-cut", None, "not started"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, name, value, says):
    board = VirtualBoard(tmp_path)
    with pytest.raises(ToolError, match=says):
        board.faults.set(name, value)
    assert board.faults.active == {}


def test_every_fault_is_in_the_help_and_can_be_cleared(tmp_path):
    board = VirtualBoard(tmp_path)
    for kind in FAULTS:
        if not kind.momentary:
            board.faults.set(kind.name)
            assert board.faults.active == {kind.name: kind.default}
            board.faults.clear(kind.name)
    assert board.faults.active == {}


def test_from_another_terminal(tmp_path):
    folder = tmp_path / ("long" * 30)  # longer than the path of a socket may be
    motelink = (sys.executable, "-m", "motelink_tools", "board")

    def fault(*arguments):
        done = subprocess.run(
            [*motelink, "fault", *arguments, "--board", str(folder)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    running = subprocess.Popen(
        [
            *motelink,
            "--dir",
            str(folder),
            "--json",
            "--fault",
            "dns-hang=2.5",
            "--fault",
            "full-fs",
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert json.loads(running.stdout.readline())["folder"] == str(folder)
        assert fault("dns-hang", "--clear") == (0, "set now: full-fs\n")
        _, listed = fault("--json")
        listed = json.loads(listed)
        assert listed["active"] == {"full-fs": None}
        assert [kind["name"] for kind in listed["faults"]] == NAMES
        status, said = fault()
        assert (status, said.count("\n")) == (0, len(NAMES) + 1)
        assert "\n* full-fs" in said
        status, said = fault("slow-link", "none")
        assert (status, said.count("\n")) == (1, 1)
        assert "expected a number of bytes/s, got 'none'" in said
    finally:
        running.terminate()
        running.wait(30)
        running.stdout.close()
    status, said = fault("wifi-loss")
    assert (status, said.count("\n")) == (1, 1)
    assert "no board runs in" in said
