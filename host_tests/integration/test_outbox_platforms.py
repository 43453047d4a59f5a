"""A node on real MicroPython whose outboxes hold what it measured while the network was away: all
of it arrives at the five platforms of the real hub, in order."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from motelink_tools.bench import five_platforms

from .device_process import Device, Runtime, compile_library

PROGRAM = Path(__file__).with_name("outbox_device.py")
COUNT = 5


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_library(tmp_path_factory.mktemp("library"))


def _numbers(text: str) -> list[int]:
    """The counter's values in what a platform was told: TCP may glue messages of iot-manager's raw
    dialect together."""
    found = re.findall(r"counter(?:-I)?\W+(?:value\W+)?(\d+)", text)
    found = found or re.findall(r"(\d+)\D*$", text)
    assert found, text
    return [int(number) for number in found]


def _kept(output: list[str]) -> Iterator[tuple[str, int]]:
    """(platform, value) of each record that an outbox has confirmed."""
    for line in output:
        words = line.split(" ", 2)
        if words[0] == "kept":
            (value,) = _numbers(words[2])
            yield words[1], value


def test_all_that_was_kept_arrives_in_order(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the outboxes' folders
    with (
        five_platforms.serving(100, lambda _line: None) as hub,
        hub.registry.subscribe(100_000) as events,
    ):
        settings = hub.settings.read_text()
        settings = settings.replace("losant_interval = 600", "losant_interval = 1200")
        hub.settings.write_text(settings + "outbox = true\n")
        runtime = Runtime("micropython-1.25", library)
        with Device(runtime, PROGRAM, hub.settings, COUNT, heap="256k") as device:
            device.wait_for("done")
        figures = device.output
        heard = [
            (event.platform, event.beginning.decode())
            for event in events.drain()
            if event.kind == "message_in" and b"counter" in event.beginning
        ]
    for name in ("waiting", "dropped", "refused", "corrupt", "handler_errors"):
        assert f"{name} 0\n" in figures
    kept = list(_kept(device.output))
    arrived = [(platform, value) for platform, text in heard for value in _numbers(text)]
    for platform in five_platforms.PLATFORMS:
        expected = [value for name, value in kept if name == platform]
        # A connection that was lost meanwhile has some sent again, so for the first time counts.
        found = list(dict.fromkeys(value for name, value in arrived if name == platform))
        assert len(set(expected)) >= (2 if platform == "losant" else 2 * COUNT - 2), expected
        assert not set(expected) - set(found), (platform, expected, found)
        assert found == sorted(found), platform
