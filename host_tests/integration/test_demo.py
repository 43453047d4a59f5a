"""`motelink demo`, as `make demo` runs it: a real board is flashed and really talks."""

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from motelink_tools.demo.facts import EXPECTED, Facts
from motelink_tools.demo.screen import Screen


def demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "motelink_tools", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )


def test_everything_expected_happens_and_is_judged():
    result = demo(DEMO_SECONDS="20")
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"all {len(EXPECTED)} expected things happened" in result.stdout
    for line in ("led_on 1", "cut: the connections are reset", "the board is back", "KiB free"):
        assert line in result.stdout
    assert "\x1b" not in result.stdout, "plain lines where there is no terminal"


def test_a_demo_that_is_too_short_fails_and_says_what_is_missing():
    result = demo("--seconds", "0")
    assert result.returncode == 1
    assert "missing" in result.stdout
    assert EXPECTED["returned"] in result.stdout


@pytest.mark.parametrize("lines", [24, 50])
def test_the_live_view_fits_the_terminal(lines: int):
    facts = Facts()
    for name in EXPECTED:
        facts.happened(name)
    for number in range(60):
        facts.note("console", f"event {number} " + "x" * 200)
    facts.heap_free = facts.heap_low = 131_072
    facts.rtt_ms = [0.1, 100.0] * 8
    facts.heartbeats = 123_456
    console = Console(width=80, height=lines, force_terminal=True, file=io.StringIO())
    drawn = console.render_lines(Screen(console, facts).render())
    assert len(drawn) <= lines - 3, "the conclusion has two lines, and the cursor one"
    text = "\n".join("".join(part.text for part in line) for line in drawn)
    for what in (*EXPECTED.values(), "131,072 B, low 131,072", "event 59"):
        assert what in text
    assert ("event 35" in text) == (lines == 50)
