"""The watchdog of a node on the fake board: who feeds it, and when nobody does."""

import pytest

from .firmware import NODE, PLATFORM

STUCK = """\
import time
from motelink.node import Node


class Client:
    sock = None
    deadline = time.ticks_ms()

    def turn(self, now):
        pass  # and sets no later deadline

    def failed(self, error):
        pass


def run():
    node = Node()
    node.add(Client())
    node.run()
"""
BLOCKED = """\
import time
from motelink.node import Node


def run():
    node = Node()
    node.every(20000, lambda: time.sleep(SECONDS))
    node.run()
"""


@pytest.mark.parametrize(
    ("name", "ms"), [("esp32", 30_000), ("rpi_pico_w", 8388), ("rpi_pico2_w", 8388)]
)
def test_each_board_has_its_own_limit(request, name, ms):
    request.applymarker(pytest.mark.board(name))
    board = request.getfixturevalue("board")
    request.getfixturevalue("firmware")()
    assert board.boot(for_ms=3_600_000).kind == "stopped"
    assert board.watchdog.timeout_ms == ms
    assert board.watchdog.feeds >= 3500


def test_a_client_that_misses_its_deadline_is_the_end(board, firmware):
    firmware(STUCK)
    outcome = board.boot(for_ms=200_000)
    assert (outcome.kind, outcome.reset) == ("reset", "watchdog")
    assert 30_000 < outcome.ran_ms < 65_000


@pytest.mark.parametrize(("seconds", "kind"), [(29, "stopped"), (31, "reset")])
def test_a_handler_that_blocks(board, firmware, seconds, kind):
    firmware(BLOCKED.replace("SECONDS", str(seconds)))
    outcome = board.boot(for_ms=100_000)
    assert outcome.kind == kind
    assert outcome.reset in (None, "watchdog")


def test_it_is_off_when_the_settings_say_so(board, firmware):
    firmware(settings=PLATFORM + "watchdog_ms = 0\n")
    board.boot()
    assert board.watchdog is None


def test_its_time_can_be_set(board, firmware):
    firmware(settings=PLATFORM + "watchdog_ms = 12000\n")
    board.boot()
    assert board.watchdog.timeout_ms == 12_000


@pytest.mark.parametrize("ms", [-5, 9000, 1 << 40])
@pytest.mark.board("rpi_pico_w")
def test_a_time_that_the_chip_cannot_count_is_a_wrong_setting(board, firmware, ms):
    firmware(settings=PLATFORM + f"watchdog_ms = {ms}\n")
    outcome = board.boot(for_ms=120_000)
    assert f"ConfigError: watchdog_ms = {ms}: " in outcome.output
    assert "restart in 3600 s" in outcome.output
    assert outcome.kind == "stopped"  # and no reset


def test_it_is_not_armed_when_a_person_starts_the_firmware(board, firmware):
    firmware()
    (board.files / "typed.py").write_text("import app\n\napp.run()\n")
    board.run("typed.py")
    assert board.watchdog is None
    assert not (board.files / "guard").exists()


def interrupted(board, firmware):
    """Ctrl-C after ten seconds."""
    firmware()

    def interrupt():
        raise KeyboardInterrupt

    board.clock.after(10_000, interrupt)
    with pytest.raises(KeyboardInterrupt):
        board.boot()
    assert board.watchdog is not None


def test_it_is_fed_at_the_prompt(board, firmware):
    interrupted(board, firmware)
    board.clock.advance(3_600_000)
    assert board.resets == []


def test_it_is_fed_after_the_soft_reset_of_mpremote(board, firmware):
    interrupted(board, firmware)
    assert (board.files / "guard").read_text() == "held"
    board.run("boot.py")  # all that mpremote's raw REPL starts
    board.clock.advance(3_600_000)
    assert board.resets == []
    assert board.watchdog.feeds > 3000


def test_the_next_start_of_the_firmware_has_it_again(board, firmware):
    interrupted(board, firmware)
    firmware(STUCK)
    assert board.boot(for_ms=200_000).reset == "watchdog"


def test_while_waiting_to_restart_it_is_fed(board, firmware):
    firmware(
        NODE.replace(
            "node.run()",
            "node.start()\n    from motelink.errors import AuthError\n"
            "    raise AuthError('refused')",
        )
    )
    outcome = board.boot(for_ms=None)
    assert (outcome.reset, outcome.ran_ms) == ("hard", 3_600_000)
