"""boot.py, main.py and the crash-loop guard, run unchanged on the fake board."""

import pytest

BAD = "def run():\n    raise ValueError('the sensor is gone')\n"
IDLE = "import time\n\n\ndef run():\n    while True:\n        time.sleep(1)\n"


def guard(board):
    path = board.files / "guard"
    return path.read_text() if path.exists() else None


def test_what_raises_is_written_down_and_the_board_restarts(board, firmware):
    firmware(BAD)
    outcome = board.boot()
    assert (outcome.kind, outcome.reset, outcome.ran_ms) == ("reset", "hard", 10_000)
    crash = (board.files / "crash.txt").read_text()
    assert crash.startswith("--- after 0 s; start: power\nTraceback")
    assert 'app.py", line 2' in crash
    assert crash.endswith("ValueError: the sensor is gone\n")
    assert "the sensor is gone" in outcome.output


def test_the_crash_file_is_bounded_and_keeps_the_newest(board, firmware):
    firmware("def run():\n    raise ValueError('x' * 900)\n")
    for number in range(6):
        firmware(f"def run():\n    raise ValueError('{number}' * 900)\n")
        board.boot()
        (board.files / "guard").unlink(missing_ok=True)
    crash = (board.files / "crash.txt").read_text()
    assert len(crash) <= 2048
    assert crash.endswith("5" * 900 + "\n")
    assert "3" * 900 not in crash


@pytest.mark.parametrize("death", ["raises", "returns", "hangs", "power"])
def test_three_early_deaths_lead_to_safe_mode(board, firmware, death):
    app = {
        "raises": BAD,
        "returns": "def run():\n    pass\n",
        "hangs": "import machine, time\n\n\ndef run():\n    machine.WDT(timeout=5000)\n"
        "    time.sleep(100)\n",
        "power": IDLE,
    }[death]
    firmware(app)
    for _ in range(3):
        outcome = board.boot(for_ms=59_000)
        assert "safe mode" not in outcome.output
        assert outcome.kind == ("stopped" if death == "power" else "reset")
    outcome = board.boot(for_ms=600_000)
    assert outcome.kind == "stopped"
    assert "3 boots have died" in outcome.output
    assert outcome.output.count("to leave: flash, or") == 10
    assert "the sensor is gone" in outcome.output or death != "raises"
    assert board.watchdog is None


def in_safe_mode(board, firmware, settings='wifi_ssid = "home"\n'):
    firmware(BAD, settings)
    for _ in range(3):
        board.boot()
    assert "safe mode" in board.boot(for_ms=1000).output


def test_safe_mode_has_the_network(board, firmware):
    in_safe_mode(board, firmware)
    board.boot(for_ms=5000)
    assert board.wlan.isconnected()


def test_safe_mode_survives_settings_that_nobody_can_read(board, firmware):
    in_safe_mode(board, firmware, "wifi_ssid = [\n")
    assert board.boot(for_ms=200_000).kind == "stopped"


def test_safe_mode_is_left_when_there_are_new_files(board, firmware):
    in_safe_mode(board, firmware)
    assert "safe mode" in board.boot(for_ms=1000).output
    firmware(IDLE)
    outcome = board.boot(for_ms=1000)
    assert "safe mode is over" in outcome.output
    assert guard(board) == "1"
    assert "safe mode" not in board.boot(for_ms=1000).output


def test_safe_mode_is_left_when_settings_or_a_module_have_changed(board, firmware):
    for change in ("settings.toml", "secrets.toml", "lib/other.mpy"):
        in_safe_mode(board, firmware)
        path = board.files / change
        path.parent.mkdir(exist_ok=True)
        path.write_text("a = 1\n")
        assert "safe mode is over" in board.boot(for_ms=1000).output


def test_safe_mode_stays_when_only_data_have_changed(board, firmware):
    in_safe_mode(board, firmware)
    (board.files / "outbox").mkdir()
    (board.files / "outbox" / "1").write_bytes(b"data")
    (board.files / "crash.txt").write_text("other")
    assert "to leave" in board.boot(for_ms=1000).output


def test_safe_mode_is_left_on_request(board, firmware):
    in_safe_mode(board, firmware)
    (board.files / "guard").unlink()
    assert "safe mode" not in board.boot(for_ms=1000).output


def test_safe_mode_tries_once_more_after_an_hour(board, firmware):
    in_safe_mode(board, firmware)
    outcome = board.boot(for_ms=None)
    assert (outcome.kind, outcome.reset, outcome.ran_ms) == ("reset", "hard", 3_600_000)
    assert "the sensor is gone" in board.boot().output
    assert "to leave" in board.boot(for_ms=1000).output


def test_a_node_that_lives_for_a_minute_is_forgiven(board, firmware):
    firmware(BAD)
    board.boot()
    board.boot()
    firmware()
    board.boot(for_ms=59_000)
    assert guard(board) == "3"
    (board.files / "guard").write_text("2")
    board.boot(for_ms=61_000)
    assert guard(board) is None


def test_power_cuts_every_five_minutes_are_no_crashes(board, firmware):
    firmware()
    for _ in range(24):
        outcome = board.boot(for_ms=300_000)
        assert outcome.kind == "stopped"
        assert "safe mode" not in outcome.output


def test_a_late_crash_is_no_loop(board, firmware):
    firmware("import time\n\n\ndef run():\n    time.sleep(61)\n    raise ValueError('late')\n")
    for _ in range(5):
        assert "safe mode" not in board.boot(for_ms=100_000).output
    assert "--- after 61 s; " in (board.files / "crash.txt").read_text()


def test_refused_credentials_are_no_reboot_loop(board, firmware):
    firmware(
        "from motelink.errors import AuthError\n\n\n"
        "def run():\n    raise AuthError('the key is refused')\n"
    )
    for _ in range(5):
        outcome = board.boot(for_ms=None)
        assert (outcome.reset, outcome.ran_ms) == ("hard", 3_600_000)
        assert guard(board) is None
    assert "the key is refused" in (board.files / "crash.txt").read_text()


def test_no_settings_are_no_reboot_loop(board, firmware):
    firmware(settings="")
    assert board.boot(for_ms=3_599_000).kind == "stopped"


def test_boot_returns_at_once_and_needs_no_library(board, firmware):
    firmware(IDLE)
    assert board.run("boot.py").ran_ms == 0
    broken = board.files / "motelink"
    broken.mkdir()
    (broken / "node_guard.py").write_text("import nothing_like_it\n")
    outcome = board.run("boot.py")
    assert outcome.kind == "returned"
    assert "boot.py: " in outcome.output
    outcome = board.boot()
    assert (outcome.reset, outcome.ran_ms) == ("hard", 10_000)


def test_a_full_flash_does_not_keep_it_from_running(board, firmware):
    firmware(IDLE)
    (board.files / "guard.new").mkdir()  # cannot be opened for writing
    outcome = board.boot(for_ms=5000)
    assert outcome.kind == "stopped"
    assert "guard: " in outcome.output


def test_ctrl_c_is_no_death(board, firmware):
    firmware("def run():\n    raise KeyboardInterrupt\n")
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            board.boot(for_ms=1000)
        assert guard(board) is None
