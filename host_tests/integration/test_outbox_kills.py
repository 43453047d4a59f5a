"""Real MicroPython with an outbox, killed at random: what was confirmed comes back, whole and in
order. ``make bench`` does it a thousand times."""

from pathlib import Path

import pytest

from motelink_tools.bench import outbox_kills
from motelink_tools.bench.lab import opened
from motelink_tools.errors import ToolError

KILLS = 60


def test_killed_at_random(tmp_path: Path) -> None:
    with opened(quick=True, say=lambda _line: None) as lab:
        outcome = outbox_kills.run(lab, tmp_path / "box", KILLS)
    assert (outcome.lost, outcome.corrupt, outcome.disordered) == (0, 0, 0)
    assert outcome.kills == KILLS
    assert outcome.torn > KILLS / 4
    assert len(outcome.confirmed) > KILLS
    # At most what a segment of 400 bytes has, each time.
    assert outcome.doubled <= 40 * KILLS


def test_a_loss_is_noticed(tmp_path: Path) -> None:
    """The harness itself: what is lost, changed, doubled, and a program that does not begin."""
    with opened(quick=True, say=lambda _line: None) as lab:
        outcome = outbox_kills.Outcome()
        folder = tmp_path / "box"
        outcome.confirmed = {7}
        outbox_kills._count(outcome, ["got " + outbox_kills.content(8).hex()])
        assert (outcome.lost, outcome.corrupt) == (1, 0)
        wrong = outbox_kills.content(7)[:-1] + b"?"
        outbox_kills._count(outcome, ["got " + wrong.hex()])
        assert (outcome.lost, outcome.corrupt) == (1, 1)
        outbox_kills._count(outcome, ["got " + outbox_kills.content(7).hex()] * 2)
        assert (outcome.lost, outcome.doubled, outcome.disordered) == (0, 1, 1)
        folder.write_bytes(b"no folder")
        with pytest.raises(ToolError, match="ended by itself"):
            outbox_kills.run(lab, folder, 10)
