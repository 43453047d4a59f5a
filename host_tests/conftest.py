"""Puts the shared bodies' folder on the path and loads the collector that runs them everywhere."""

import signal
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "upy"))

pytest_plugins = ["collector", "pytester"]

# What a shell starts in the background ignores SIGINT, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
