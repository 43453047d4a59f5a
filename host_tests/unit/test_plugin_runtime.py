"""What firmware finds on the fake board beside the hardware: time, files, modules, sockets."""

import socket
import textwrap
import threading

import pytest

MANAGED = """\
import machine
from motelink.manager import Client

client = Client(
    "127.0.0.1", "1862cfe1-5dab-4d8e-a946-50d6728f830f", "kettle", {"room": "kitchen"}, port=%d
)
client.on_connect = lambda: print("connected")


def on_message(message):
    print(message.text())
    machine.reset()


client.on_message = on_message
client.run()
"""


def write(board, **files):
    for name, text in files.items():
        (board.files / f"{name}.py").write_text(textwrap.dedent(text))


def test_ticks_wrap_where_the_test_wants_them_to(board):
    write(
        board,
        main="""\
        import time
        start = time.ticks_ms()
        time.sleep_ms(2000)
        end = time.ticks_ms()
        print(start, end, time.ticks_diff(end, start), time.ticks_add(start, 2000) == end)
        """,
    )
    board.clock.ticks_at_boot = 2**30 - 500
    assert board.boot().output == f"{2**30 - 500} 1500 2000 True\n"


def test_asyncio_runs_on_the_boards_clock(board):
    write(
        board,
        main="""\
        import asyncio
        from machine import Pin, Timer
        led = Pin(2, Pin.OUT)
        flag = asyncio.ThreadSafeFlag()

        async def blink():
            while True:
                led.toggle()
                await asyncio.sleep_ms(500)

        async def main():
            asyncio.create_task(blink())
            Timer(0).init(mode=Timer.ONE_SHOT, period=1200, callback=lambda t: flag.set())
            await flag.wait()
            print("flag")
            try:
                await asyncio.wait_for_ms(flag.wait(), 300)
            except asyncio.TimeoutError:
                print("late")

        asyncio.run(main())
        """,
    )
    outcome = board.boot()
    assert (outcome.kind, outcome.output, outcome.ran_ms) == ("returned", "flag\nlate\n", 1500)
    assert [at for at, _ in board.pins[2].history] == [0, 500, 1000, 1500]


def test_a_task_cannot_swallow_a_reset(board):
    write(
        board,
        main="""\
        import asyncio, machine

        async def fail():
            await asyncio.sleep(1)
            machine.reset()

        async def forever():
            while True:
                await asyncio.sleep(1)

        loop = asyncio.get_event_loop()
        loop.create_task(fail())
        loop.create_task(forever())
        loop.run_forever()
        """,
    )
    outcome = board.boot()
    assert (outcome.reset, outcome.ran_ms) == ("hard", 1000)


def test_files_are_the_flashs(board):
    write(
        board,
        main="""\
        import os
        os.mkdir("/data")
        with open("/data/log.txt", "w") as file:
            file.write("one\\r\\ntwo")
        os.chdir("/data")
        print(os.getcwd(), os.listdir(), os.stat("log.txt")[6], sorted(os.listdir("/")))
        with open("log.txt") as file:
            print(repr(file.read()))
        os.rename("log.txt", "/old.txt")
        print(sorted(entry[:2] for entry in os.ilistdir("/") if entry[0] != "main.py"))
        block, _, blocks, free, *_ = os.statvfs("/")
        print(block * blocks, free < blocks)
        os.remove("../old.txt")
        try:
            open("/../../etc/passwd")
        except OSError as error:
            print(error.errno)
        """,
    )
    assert board.boot().output.splitlines() == [
        "/data ['log.txt'] 8 ['data', 'main.py']",
        "'one\\r\\ntwo'",
        "[('data', 16384), ('old.txt', 32768)]",
        "2097152 True",
        "2",
    ]
    assert not (board.files / "old.txt").exists()


def test_modules_come_from_the_flash_and_stay_apart(board):
    """A firmware's logging.py is not pytest's, and each boot imports afresh."""
    import logging
    import sys

    lib = board.files / "lib" / "driver"
    lib.mkdir(parents=True)
    (lib / "__init__.py").write_text("from .chip import NAME\n")
    (lib / "chip.py").write_text("NAME = 'bme280'\nimport utime\nprint(utime.ticks_ms())\n")
    write(
        board,
        logging="print('the firmware logs')\nlevel = 5\n",
        main="import logging\nimport driver.chip\nfrom driver import NAME, chip\nprint(NAME)\n",
    )
    expected = "the firmware logs\n0\nbme280\n"
    assert [board.boot().output, board.boot().output] == [expected, expected]
    assert board.load("logging").level == 5
    assert sys.modules["logging"] is logging
    assert "driver" not in sys.modules


def test_sources_of_the_host_are_copied_or_imported_in_place(board, tmp_path):
    project = tmp_path / "project"
    (project / "app").mkdir(parents=True)
    (project / "app" / "__init__.py").write_text("import shared\nprint(shared.NAME)\n")
    (project / "main.py").write_text("import app\n")
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "shared.py").write_text("NAME = 'in place'\n")
    board.install(project)
    board.install(project / "main.py", "backup")
    board.path.append(tmp_path / "common")
    assert board.boot().output == "in place\n"
    assert (board.files / "backup" / "main.py").is_file()


@pytest.mark.parametrize("name", ["pathlib", "typing", "threading", "dataclasses"])
def test_what_a_board_has_not_cannot_be_imported(board, name):
    write(board, main=f"import {name}\n")
    assert str(board.boot().exception) == f"no module named '{name}' on a board"


def test_a_traceback_shows_the_firmware_only(board):
    write(board, main="def fail():\n    1 / 0\n\nfail()\n")
    outcome = board.boot()
    assert "main.py" in outcome.output
    assert "ZeroDivisionError" in outcome.output
    assert "supervisor" not in outcome.output


def test_waiting_in_select_is_on_the_boards_clock(board):
    write(
        board,
        main="""\
        import select, socket
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(("127.0.0.1", 0))
        poller = select.poll()
        poller.register(one, select.POLLIN)
        print(poller.poll(5000))
        one.sendto(b"x", one.getsockname())
        print([(s is one, e == select.POLLIN) for s, e in poller.ipoll(5000)])
        one.close()
        """,
    )
    outcome = board.boot()
    assert (outcome.output, outcome.ran_ms) == ("[]\n[(True, True)]\n", 5000)


def test_a_socket_is_a_stream_as_on_a_board(board):
    write(
        board,
        main="""\
        import socket
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client = socket.socket()
        client.connect(server.getsockname())
        peer, _ = server.accept()
        client.write(b"xxline\\nrest", 2, 9)
        print(peer.readline(), peer.read(4))
        peer.setblocking(False)
        print(peer.read(1))
        into = bytearray(8)
        print(peer.readinto(into))
        client.close()
        peer.setblocking(True)
        print(peer.read())
        peer.close()
        server.close()
        """,
    )
    assert board.boot().output == "b'line\\n' b'rest'\nNone\nNone\nb''\n"


@pytest.mark.board("rpi_pico_w")
def test_motelink_on_a_fake_board_has_a_board(board):
    write(
        board,
        main="""\
        from motelink import port
        print(port.unique_id() == __import__("machine").unique_id())
        start = port.ticks_ms()
        port.sleep_ms(1500)
        print(port.ticks_diff(port.ticks_ms(), start), port.unix_time())
        port.reset()
        """,
    )
    outcome = board.boot()
    assert outcome.output == "True\n1500 1609459201\n"
    assert outcome.reset == "hard"


def test_an_hour_of_motelink_without_a_server_takes_no_time(board):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        write(board, main=MANAGED % nobody.getsockname()[1])
        outcome = board.boot(for_ms=3_600_000)
    assert outcome.kind == "stopped"
    attempts = outcome.output.count("cannot connect")
    assert 60 <= attempts < 1000  # it backs off to a minute at most, and never gives up


@pytest.mark.board("esp32", real_time=True)
def test_motelink_talks_to_a_real_server_in_real_time(board):
    answers = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)

        def manage():
            peer, _ = server.accept()
            with peer:
                for command in (b"\x01", b"\x02"):
                    peer.sendall(command)
                    answers.append(peer.recv(200))
                peer.sendall(b"hello")
                peer.recv(1)

        manager = threading.Thread(target=manage)
        manager.start()
        write(board, main=MANAGED % server.getsockname()[1])
        outcome = board.boot(for_ms=30_000)
        manager.join(30)
    assert (outcome.reset, outcome.output) == ("hard", "connected\nhello\n")
    assert answers == [
        b'1862cfe1-5dab-4d8e-a946-50d6728f830f##kettle##{"room": "kitchen"}',
        b"beat",
    ]
