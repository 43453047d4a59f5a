"""The project's own boot.py, main.py and app.py on fake boards, as users run theirs."""

import json
import socket
import threading
from contextlib import contextmanager

import pytest

from motelink_tools import paths


@pytest.fixture
def firmware(board):
    """Puts the project's firmware for this board on its flash; takes its settings."""

    def install(**settings):
        for name in ("boot.py", "main.py", "app.py"):
            board.install(paths.board_root() / name)
        board.install(paths.board_folder(board.profile.name) / "board.py")
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (board.files / "settings.toml").write_text("".join(lines))

    return install


@contextmanager
def manager(*messages):
    """A Manager for one client: its port, and what the client answers to each message."""
    answers = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def manage():
            peer, _ = server.accept()
            peer.settimeout(30)
            with peer:
                for message in messages:
                    peer.sendall(message)
                    answers.append(peer.recv(500))
                peer.recv(1)

        thread = threading.Thread(target=manage)
        thread.start()
        yield server.getsockname()[1], answers
        thread.join(30)


def test_without_settings_it_says_so_and_restarts(board, firmware):
    firmware()
    outcome = board.boot(for_ms=None)
    assert (outcome.reset, outcome.ran_ms) == ("hard", 3_600_000)
    assert "manager_host" in outcome.output


def test_without_wifi_it_waits_until_there_is_some(board, firmware):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        firmware(manager_host="127.0.0.1", manager_port=port, wifi_ssid="home", wifi_password="s")
        home = board.air.add("home", "s")
        home.up = False
        board.clock.at(1_800_000, setattr, home, "up", True)
        outcome = board.boot(for_ms=3_600_000)
    assert outcome.kind == "stopped"
    assert "Wi-Fi: home, 192.168.4.2" in outcome.output


@pytest.mark.parametrize(
    ("led", "lit"),
    [
        pytest.param("LED", 1, marks=pytest.mark.board("rpi_pico_w", real_time=True)),
        pytest.param(8, 0, marks=pytest.mark.board("esp32c3", real_time=True)),
    ],
)
def test_it_introduces_itself_and_switches_its_led(board, firmware, led, lit):
    board.mem_free = 65_432
    board.pins[led].level = 1 - lit
    with manager(b"\x01", b"\x02", b"led on") as (port, answers):
        firmware(manager_host="127.0.0.1", manager_port=port, manager_type="kettle")
        outcome = board.boot(for_ms=30_000, until=lambda: len(answers) == 3)
    assert outcome.kind == "stopped"
    assert len(answers) == 3, outcome.output
    _, kind, data = answers[0].partition(b"hello")[0].split(b"##")
    assert kind == b"kettle"
    assert json.loads(data)["heap_free"] == 65_432
    assert board.pins[led].level == lit
