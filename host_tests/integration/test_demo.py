"""`motelink demo`, as `make demo` runs it: a real board is flashed and really talks."""

import os
import subprocess
import sys

from motelink_tools.demo.facts import EXPECTED


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
    for line in ("led is on", "cut: the connection is reset", "the board is back"):
        assert line in result.stdout
    assert "\x1b" not in result.stdout, "plain lines where there is no terminal"


def test_a_demo_that_is_too_short_fails_and_says_what_is_missing():
    result = demo("--seconds", "0")
    assert result.returncode == 1
    assert "missing" in result.stdout
    assert EXPECTED["returned"] in result.stdout
