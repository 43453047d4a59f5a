"""The plugin as its users see it: the fixture ``board``, its marker, the guide, what it leaves."""

import re
import textwrap
from pathlib import Path

import pytest

from motelink_tools.testing import BoardReset

GUIDE = Path(__file__).parents[2] / "docs" / "testing-firmware.md"


def write(board, **files):
    for name, text in files.items():
        (board.files / f"{name}.py").write_text(textwrap.dedent(text))


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
    pytester.runpytest_subprocess("-p", "no:anyio").assert_outcomes(passed=1)


def test_a_board_nobody_knows(pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.board('arduino')\ndef test_it(board): pass\n")
    result = pytester.runpytest_subprocess()
    result.stdout.fnmatch_lines(["*no board named 'arduino'; there are: *esp32*"])


def test_the_host_keeps_its_time_and_its_modules(board):
    import time

    write(board, main="import time\ntime.sleep(1000)\n")
    board.boot()
    assert not hasattr(time, "ticks_ms")


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


def test_a_reset_outside_of_a_run_reaches_the_test(board):
    write(board, guard="import machine\n\ndef check():\n    machine.reset()\n")
    with pytest.raises(BoardReset, match="hard"):
        board.load("guard").check()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("settings.toml", "wifi_ssid = home\n", "*settings.toml line 1: wifi_ssid: a value is*"),
        ("app.py", "def run()\n", "*app.py:1 does not compile*"),
    ],
)
def test_a_typo_in_the_project_is_one_line_and_no_traceback(pytester, name, text, says):
    (pytester.path / "app.py").write_text("")
    (pytester.path / name).write_text(text)
    pytester.makeini("[pytest]\nmotelink_project = .\n")
    pytester.makepyfile("def test_it(board): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([says])
    result.stdout.no_fnmatch_line("*plugin.py*")
