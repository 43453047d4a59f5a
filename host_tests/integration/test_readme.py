"""The README's programs run as printed, but for the port."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from motelink_tools import paths
from motelink_tools.hub.broker.ports import free_port

README = (paths.board_root() / "README.md").read_text()
DEVICE, HUB = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def started():
    """Starts a program of the README on another port; it is ended with the test."""
    port = str(free_port())
    running: list[subprocess.Popen[str]] = []

    def start(code: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        running.append(
            subprocess.Popen(
                [sys.executable, "-u", "-c", code.replace("8595", port)],
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
        )
        return running[-1]

    yield start
    for program in running:
        program.kill()
        program.communicate()


def test_the_device_and_the_hub_of_the_readme_talk(started):
    assert "8595" in DEVICE
    assert "8595" in HUB
    hub = started(HUB)
    started(DEVICE)
    watchdog = threading.Timer(60, hub.kill)
    watchdog.start()
    try:
        assert "'room': 'kitchen', 'celsius': 21.5" in hub.stdout.readline()
        assert hub.stdout.readline() == "message: pong\n"
        _, complaints = hub.communicate("\n")
    finally:
        watchdog.cancel()
    assert hub.returncode == 0, complaints


def test_every_file_that_the_readme_links_to_is_there():
    root = Path(paths.board_root())
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    for link in links:
        assert (root / link).is_file(), link
