"""Deep sleep between reports, and the report itself, of a node on the fake board."""

import threading

import pytest

from motelink_tools.hub.manager import Client, Manager

from .firmware import PLATFORM

SLEEPY = """\
from motelink import node_sleep
from motelink.node import Node


def run():
    global node
    node = Node()
    kept = int(node_sleep.kept() or b"0")
    node.sensor("starts").set(kept)
    node_sleep.keep(b"%d" % (kept + 1))
    node.sleep_after(20000, 600000)
    node.run()
"""


@pytest.mark.parametrize("name", ["esp32", "rpi_pico_w"])
def test_nobody_there_it_sleeps_all_the_same(request, name):
    request.applymarker(pytest.mark.board(name))
    board = request.getfixturevalue("board")
    request.getfixturevalue("firmware")(SLEEPY)
    for number in range(5):
        outcome = board.boot(for_ms=100_000)
        assert (outcome.kind, outcome.sleep_ms) == ("deepsleep", 600_000)
        assert 20_000 <= outcome.ran_ms < 24_000
        assert board.load("app").node.sensors[0].value == number  # what was kept has survived
        assert not (board.files / "guard").exists()
        assert "safe mode" not in outcome.output


def test_waking_up_costs_no_flash(board, firmware):
    firmware(SLEEPY)
    board.boot()
    before = {path: path.stat().st_mtime_ns for path in board.files.rglob("*")}
    board.boot()
    assert before == {path: path.stat().st_mtime_ns for path in board.files.rglob("*")}


def test_a_crash_after_waking_is_counted_from_the_next_boot_on(board, firmware):
    firmware(SLEEPY)
    board.boot()
    firmware("def run():\n    raise ValueError('awake')\n")
    for _ in range(4):
        assert "safe mode" not in board.boot().output
    assert "safe mode" in board.boot(for_ms=1000).output


def test_what_has_arrived_before_a_sleep_does_not_come_back_behind_it(board, firmware):
    firmware(
        "from motelink.node import Node\n\n\ndef run():\n    node = Node()\n    node.start()\n"
        "    box = node.platforms[0].outbox.box\n    for i in range(3):\n"
        "        box.put(b'', b'%d' % i)\n    box.peek()\n"
        "    print('oldest', box.payload.text())\n    box.pop()\n"
        "    node.sleep_after(1000, 60000)\n    node.run()\n",
        PLATFORM + "outbox = true\n",
    )
    for number in range(3):
        outcome = board.boot(for_ms=30_000)
        assert outcome.kind == "deepsleep"
        assert f"oldest {number}\n" in outcome.output


def test_wifi_is_left_before_sleep(board, firmware):
    firmware(SLEEPY, 'wifi_ssid = "home"\nmanager_host = "127.0.0.1"\nmanager_port = 9\n')
    board.boot()
    assert not board.wlan.active()


@pytest.mark.board("esp32", real_time=True)
def test_the_platform_is_told_and_left_cleanly(board, firmware):
    heard = []
    with Manager(["kettle"], connection_port=0, heartbeat_rate=60.0) as made:

        @made.event
        def on_message(_client: Client, message: bytearray) -> None:
            heard.append(message.decode())

        firmware(
            SLEEPY,
            f'manager_host = "127.0.0.1"\nmanager_port = {made.port}\nmanager_type = "kettle"\n',
        )
        outcome = board.boot(for_ms=15_000)
        assert outcome.kind == "deepsleep"
        assert outcome.ran_ms < 5000
        assert "connection lost" not in outcome.output
    assert heard == ["starts 0"]


@pytest.mark.board("esp32", real_time=True)
def test_the_report_is_in_getinfo(board, firmware):
    found = []
    done = threading.Event()
    with Manager(["kettle"], connection_port=0, heartbeat_rate=60.0) as made:

        @made.event
        def on_connect(client: Client) -> None:
            def ask() -> None:
                client.get_data(timeout=5)
                found.append(client.return_data()["data"])
                done.set()

            threading.Thread(target=ask).start()

        board.mem_free = 54_321
        board.air.add("home", rssi=-61)
        firmware(
            settings=f'manager_host = "127.0.0.1"\nmanager_port = {made.port}\n'
            'manager_type = "kettle"\nwifi_ssid = "home"\n'
        )
        board.boot(for_ms=15_000, until=done.is_set)
    report = found[0]
    assert report["heap_free"] == 54_321
    assert report["heap_low"] == 54_321
    assert 53_000 < report["heap_block"] <= 54_321
    assert (report["rssi"], report["wifi_joins"], report["reconnects"]) == (-61, 1, 0)
    assert (report["reset"], report["handler_errors"]) == ("power", 0)
    assert report["uptime"] <= 15
    assert report["time"] in (True, False)
