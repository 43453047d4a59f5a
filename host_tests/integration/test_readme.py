"""The README's programs run as printed, but for the port."""

import queue
import re
import subprocess
import sys
from pathlib import Path

import pytest

from motelink_tools import paths

README = (paths.board_root() / "README.md").read_text()
DEVICE, HUB = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def hub(capsys):
    """The README's Manager, on a free port."""
    names: dict[str, object] = {}
    code = HUB.replace("heartbeat_rate=5", "heartbeat_rate=5, connection_port=0")
    assert code != HUB
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    names["print"] = lambda *values: heard.put(" ".join(map(str, values)))
    exec(compile(code, "README.md", "exec"), names)
    manager = names["manager"]
    yield manager, heard
    manager.close()


def test_the_device_and_the_hub_of_the_readme_talk(hub):
    manager, heard = hub
    code = DEVICE.replace("8595", str(manager.port))
    assert code != DEVICE
    device = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    try:
        assert "'room': 'kitchen', 'celsius': 21.5" in heard.get(timeout=20)
        assert heard.get(timeout=20) == "message: pong"
    finally:
        device.kill()
        device.communicate()


def test_every_file_that_the_readme_links_to_is_there():
    root = Path(paths.board_root())
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    for link in links:
        assert (root / link).is_file(), link
