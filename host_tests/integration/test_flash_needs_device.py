"""Only what `needs` names is on the board, and the firmware works on real MicroPython: on each
platform of the hub data go out and a command comes in. (The Manager: board/test_mip.)"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from collector import interpreters
from motelink_tools import paths
from motelink_tools.demo.facts import Facts
from motelink_tools.demo.local_hub import LocalHub
from motelink_tools.demo.others import CommutePart, IottalkPart, LosantPart, Part, SeplPart
from motelink_tools.flash.needs import needs
from motelink_tools.micropython import Interpreter

DEADLINE_S = 60
DONE = {
    *("stated", "commanded", "registered", "graphed"),
    *("reported", "responded", "kept", "ticked"),
}
APP = paths.board_root() / "app.py"


@contextlib.contextmanager
def board(folder: Path, platform: str, settings: str) -> Iterator[Path]:
    """The firmware in a process, with its platform's part of the library and no other; the file
    that its output goes to."""
    home = folder / platform
    package = home / "lib" / "motelink"
    package.mkdir(parents=True)
    for file in needs([APP], platforms=[platform]):
        shutil.copy(file, package)
    shutil.copy(APP, home)
    (home / "board.py").write_text('NAME = "virtual"\nLED = None\n')
    (home / "settings.toml").write_text(settings + 'ntp_servers = ""\n')
    runtime = next(one for one in interpreters().values() if isinstance(one, Interpreter))
    output = home / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            runtime.command("-c", "import app; app.run()", heap="160k"),
            cwd=home,
            env={**os.environ, "MICROPYPATH": f":.frozen:{package.parent}"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield output
        finally:
            process.kill()
            process.wait()


def test_each_platform(tmp_path: Path) -> None:
    facts = Facts()
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(LocalHub(tmp_path / "hub", lambda _line: None))
        events = stack.enter_context(hub.registry.subscribe())
        broker = int(hub.address("losant", "mqtt").rpartition(":")[2])
        parts: dict[str, Part] = {
            "losant": LosantPart(hub, facts, broker),
            "iottalk": IottalkPart(hub, facts),
            "sepl": SeplPart(hub, facts),
            "commute": CommutePart(hub, facts),
        }
        outputs = {
            name: stack.enter_context(board(tmp_path, name, part.settings()))
            for name, part in parts.items()
        }

        end = time.monotonic() + DEADLINE_S
        while missing := DONE - set(facts.done):
            for event in events.drain():
                parts[event.platform].take(event)
            for name, part in parts.items():
                part.turn()
                for line in outputs[name].read_text().splitlines():
                    part.heard(line)
            seen = {name: output.read_text() for name, output in outputs.items()}
            assert time.monotonic() < end, (missing, seen)
            time.sleep(0.05)
