"""Puts the shared bodies' folder on the path and loads the collector that runs them everywhere."""

import signal
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).parent / "upy"))

# How long inputs take says more about the machine than about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

pytest_plugins = ["collector", "pytester"]

# What a shell starts in the background ignores SIGINT, and what nohup starts SIGHUP; so would all
# that tests start.
for number, default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, default)


def pytest_terminal_summary(terminalreporter):
    """CI runs a failed test once more (`.ci/run`); why it failed must be read all the same."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"failed, and ran again: {report.nodeid}", sep="_")
        terminalreporter.write_line(report.longreprtext)
        for title, text in report.sections:
            terminalreporter.section(title, sep="-")
            terminalreporter.write_line(text)
