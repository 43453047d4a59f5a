"""The fixture ``board`` as users of the plugin see it, and firmware running on it."""

import re
import textwrap
from pathlib import Path

import pytest
from motelink_tools.testing import BoardReset, FirmwareHung

GUIDE = Path(__file__).parents[2] / "docs" / "testing-firmware.md"

THERMOSTAT = """\
import time
import machine, network
from machine import Pin, WDT

led = Pin(2, Pin.OUT)
dog = WDT(timeout=8000)
wlan = network.WLAN(network.STA_IF)

def wait(ms):
    while ms > 0:
        dog.feed()
        time.sleep_ms(100)
        ms -= 100

def connect():
    wlan.active(True)
    for attempt in range(1, 4):
        wlan.disconnect()
        wlan.connect("home", "secret")
        start = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), start) < 5000:
            if wlan.isconnected():
                print("connected at attempt", attempt)
                return
            wait(100)
    print("giving up")
    machine.reset()

while True:
    try:
        connect()
        while wlan.isconnected():
            led.toggle()
            wait(500)
    except:  # firmware does that
        print("swallowed")
"""


def write(board, **files):
    for name, text in files.items():
        (board.files / f"{name}.py").write_text(textwrap.dedent(text))


def test_a_real_firmware_connects_blinks_and_feeds(board):
    write(board, main=THERMOSTAT)
    board.air.connect_ms = 4500
    outcome = board.boot(for_ms=6250)
    assert (outcome.kind, outcome.ran_ms) == ("stopped", 6250)
    assert outcome.output == "connected at attempt 1\n"
    assert board.watchdog.feeds == 63
    assert board.pins[2].history == [(4500, 1), (5000, 0), (5500, 1), (6000, 0)]


def test_it_comes_back_when_the_network_does(board):
    write(board, main=THERMOSTAT)
    home = board.air.add("home", "secret")
    board.clock.at(3000, setattr, home, "up", False)
    board.clock.at(9000, setattr, home, "up", True)
    outcome = board.boot(for_ms=12_000)
    assert outcome.output == "connected at attempt 1\nconnected at attempt 2\n"


def test_it_resets_after_three_attempts_and_the_next_boot_knows(board):
    write(board, main=THERMOSTAT)
    board.air.add("another")
    outcome = board.boot()
    assert (outcome.kind, outcome.reset, outcome.ran_ms) == ("reset", "hard", 15_000)
    assert outcome.output == "giving up\n"
    assert [reset.kind for reset in board.resets] == ["hard"]
    write(board, main="import machine\nprint(machine.reset_cause() == machine.HARD_RESET)\n")
    assert board.boot().output == "True\n"


def test_a_stuck_program_meets_its_watchdog(board):
    write(
        board,
        main="""\
        import machine, time
        machine.WDT(timeout=5000)
        try:
            while True:
                time.sleep(1)
        finally:
            print("a reset board prints nothing")
        """,
    )
    outcome = board.boot()
    assert (outcome.reset, outcome.ran_ms, outcome.output) == ("watchdog", 5000, "")
    import machine

    write(board, main="pass")
    board.boot()
    assert machine.reset_cause() == machine.WDT_RESET
    assert board.watchdog is None


def test_boot_and_main_share_their_names(board):
    write(board, boot="import gc\ngreeting = 'hello'\n", main="print(greeting)\n")
    outcome = board.boot()
    assert (outcome.kind, outcome.output) == ("returned", "hello\n")
    assert board.globals["greeting"] == "hello"


def test_main_does_not_run_after_a_boot_that_raises(board):
    write(board, boot="import nothing_like_it\n", main="print('main')\n")
    outcome = board.boot()
    assert outcome.kind == "exception"
    assert isinstance(outcome.exception, ImportError)
    assert "nothing_like_it" in outcome.output
    assert not outcome.output.endswith("main\n")


def test_neither_boot_nor_main(board):
    with pytest.raises(FileNotFoundError, match=r"expected boot\.py or main\.py"):
        board.boot()


def test_exit_is_a_soft_reset(board):
    write(board, main="import sys\nsys.exit()\n")
    assert board.boot().reset == "soft"


def test_deepsleep_passes_before_the_next_boot(board):
    write(
        board,
        main="""\
        import machine, time
        rtc = machine.RTC()
        count = (rtc.memory() or b"\\0")[0]
        rtc.memory(bytes([count + 1]))
        print(count, time.ticks_ms(), machine.reset_cause() == machine.DEEPSLEEP_RESET)
        machine.deepsleep(60_000)
        """,
    )
    outcomes = [board.boot() for _ in range(3)]
    assert [outcome.kind for outcome in outcomes] == ["deepsleep"] * 3
    assert outcomes[0].sleep_ms == 60_000
    assert [o.output for o in outcomes] == ["0 0 False\n", "1 0 True\n", "2 0 True\n"]
    assert board.clock.now_ms == 120_000


def test_timers_go_on_when_main_has_returned(board):
    write(
        board,
        main="""\
        from machine import Pin, Timer
        led = Pin(2, Pin.OUT)
        Timer(0).init(period=1000, callback=lambda t: led.toggle())
        """,
    )
    assert board.boot().kind == "returned"
    board.clock.advance(3500)
    assert [at for at, _ in board.pins[2].history] == [1000, 2000, 3000]


def test_loops_that_never_sleep_still_let_time_pass(board):
    write(
        board,
        main="""\
        import time, machine
        done = False
        def ring(timer):
            global done
            done = True
        machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=1500, callback=ring)
        while not done:
            pass
        start = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), start) < 2000:
            pass
        button = machine.Pin(0, machine.Pin.IN)
        while not button.value():
            pass
        print("pressed")
        """,
    )
    board.clock.at(6000, board.pins[0].drive, 1)
    outcome = board.boot()
    assert (outcome.kind, outcome.output) == ("returned", "pressed\n")
    assert 6000 <= outcome.ran_ms < 6010


def test_nothing_the_program_catches_keeps_it_running(board):
    write(
        board,
        main="""\
        import time
        def work():
            try:
                time.sleep(1)
            except:
                pass
            finally:
                time.sleep(1)
        while True:
            try:
                work()
            except BaseException:
                continue
        """,
    )
    assert board.boot(for_ms=10_500).kind == "stopped"
    assert board.clock.now_ms == 10_500


def test_a_program_that_hangs_is_reported(board):
    write(board, main="while True:\n    pass\n")
    with pytest.raises(FirmwareHung, match="host's clock"):
        board.boot(for_ms=None, real_s=0.2)


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


def test_the_host_keeps_its_time_and_its_modules(board):
    import time

    write(board, main="import time\ntime.sleep(1000)\n")
    board.boot()
    assert not hasattr(time, "ticks_ms")


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


@pytest.mark.parametrize(
    ("platform", "machine"),
    [
        pytest.param("esp32", "Generic ESP32 module", marks=pytest.mark.board("esp32")),
        pytest.param("rp2", "Raspberry Pi Pico W", marks=pytest.mark.board("rpi_pico_w")),
        pytest.param("rp2", "Raspberry Pi Pico 2 W", marks=pytest.mark.board("rpi_pico2_w")),
    ],
)
def test_a_board_says_what_it_is(board, platform, machine):
    write(
        board,
        main="import sys, os, gc\nprint(sys.platform, gc.mem_free())\nprint(os.uname().machine)\n",
    )
    board.mem_free = 54_321
    first, second = board.boot().output.splitlines()
    assert first == f"{platform} 54321"
    assert second.startswith(machine)


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


def test_a_reset_outside_of_a_run_reaches_the_test(board):
    write(board, guard="import machine\n\ndef check():\n    machine.reset()\n")
    with pytest.raises(BoardReset, match="hard"):
        board.load("guard").check()


@pytest.mark.board("esp32", real_time=True)
def test_real_time_is_the_hosts(board):
    import time

    write(
        board,
        main="""\
        import time
        from machine import Timer
        ticks = []
        Timer(0).init(period=20, callback=ticks.append)
        time.sleep_ms(70)
        """,
    )
    started = time.monotonic()
    outcome = board.boot(for_ms=20_000)
    assert time.monotonic() - started >= 0.07
    assert outcome.kind == "returned"
    assert len(board.globals["ticks"]) >= 3


def test_a_board_nobody_knows(pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.board('arduino')\ndef test_it(board): pass\n")
    result = pytester.runpytest_inprocess()
    result.stdout.fnmatch_lines(["*no board named 'arduino'; there are: *esp32*"])


def test_the_users_own_project_works_as_the_guide_says(pytester):
    """Every code block of the guide that names a file is that file; then ``pytest`` passes."""
    blocks = re.findall(r"^```\w+\n# (\S+)\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    assert {"firmware/main.py", "pytest.ini", "test_firmware.py"} <= {name for name, _ in blocks}
    for name, text in blocks:
        target = pytester.path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    result = pytester.runpytest_subprocess("--strict-markers", "-W", "error")
    tests = sum(text.count("def test_") for _, text in blocks)
    result.assert_outcomes(passed=tests)


def test_every_test_gets_a_fresh_board_and_leaves_nothing(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_one(board):
            import machine
            machine.Pin(2, machine.Pin.OUT).on()
            (board.files / "main.py").write_text("pass")

        def test_nothing_is_left():
            assert "machine" not in sys.modules
            assert "network" not in sys.modules

        def test_two(board):
            assert board.pins[2].history == []
            assert list(board.files.iterdir()) == []
        """
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=3)


def test_a_run_without_boards_loads_nothing(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert "motelink_tools.testing.board" not in sys.modules
            assert "asyncio" not in sys.modules
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
