"""Puts the shared bodies' folder on the path and loads the collector that runs them everywhere."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "upy"))

pytest_plugins = ["collector", "pytester"]
