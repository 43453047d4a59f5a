"""The benchmarks of SEPL, IoT Commute, and of a node on five platforms."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from motelink_tools.bench import five_platforms, one_platform, session
from motelink_tools.bench.lab import opened
from motelink_tools.errors import ToolError

INTERVAL_MS = 100
EXCHANGES = 20


def quiet(_line: str) -> None:
    """A benchmark under test has nobody to tell."""


def test_memory_of_sepl_and_commute(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    console = Console(file=io.StringIO())
    assert session.run(console, only=["sepl", "commute"], json_file=file, quick=True)
    figures = json.loads(file.read_text())
    assert figures["sepl.imported.heap_bytes"] < figures["sepl.connected.heap_bytes"] < 40_000
    assert figures["commute.websocket.heap_bytes"] < figures["commute.pair.heap_bytes"]
    assert figures["commute.pair.heap_bytes"] < figures["commute.connected.heap_bytes"] < 28_000


def test_five_platforms_on_one_board() -> None:
    with opened(quick=True, say=quiet) as lab, five_platforms.serving(INTERVAL_MS, quiet) as hub:
        found = lab.run(
            "five_platforms", hub.settings, EXCHANGES, INTERVAL_MS, heap="128k", deadline_s=40
        )
        late = hub.late_ms()
    assert set(late) == set(five_platforms.PLATFORMS)
    assert found["last"] - found["first"] <= 256
    for name in five_platforms.PLATFORMS:
        assert found[name] >= (1 if name == "losant" else EXCHANGES // 2), found


def test_a_node_on_one_platform(tmp_path: Path) -> None:
    node = one_platform.Node(tmp_path, quiet)
    held, later = node.run("64k")
    assert 36_000 < held <= later < 48_000
    with pytest.raises(ToolError, match="the node failed"):
        node.run("36k")
