"""Whole programs on the fake board: how a run goes, and all the ways it ends."""

import textwrap

import pytest

from motelink_tools.testing import FirmwareHung

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
