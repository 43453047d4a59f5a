"""The Python of README.md and docs runs: what is a device's on real MicroPython, against the hub;
what is the host's here. docs_world says what each page presupposes."""

import ast
import asyncio
import contextlib
import inspect
import os
import subprocess
import sys
import time
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector import interpreters
from motelink_tools import paths
from motelink_tools.board import VirtualBoard
from motelink_tools.micropython import Interpreter

from .docs_blocks import ROOT, Block, all_blocks, blocks, programs
from .docs_world import BOUNDED, Page, World, world

DEADLINE_S = 60
DEVICE_PAGES = sorted(
    {
        str(block.page.relative_to(ROOT))
        for block in all_blocks()
        if block.language == "python" and block.mark is None and not block.is_host
    }
    - {"README.md", "docs/testing-firmware.md"}  # test_readme; below
)
HOST_BLOCKS = [
    block
    for block in all_blocks()
    if block.language == "python" and block.mark is None and block.is_host
    if block.page.name not in ("README.md", "testing-firmware.md")
]


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@dataclass
class Running:
    """A page's programs, in a process."""

    page: Page
    process: subprocess.Popen[bytes]
    output: Path


def start(name: str, page: Page, folder: Path) -> Running:
    text = "\n".join(block.text for block in programs(name, host=False))
    for old, new in page.replace.items():
        assert old in text, f"{name}: {old}"
        text = text.replace(old, new)
    for file, content in page.files.items():
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(content)
    program = folder / "program.py"
    program.write_text("\n".join([BOUNDED, page.before, text, page.after]))
    runtime = next(one for one in interpreters().values() if isinstance(one, Interpreter))
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            runtime.command(str(program), heap="256k"),
            cwd=folder,
            env={**os.environ, "MICROPYPATH": f":.frozen:{paths.library()}"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    return Running(page, process, output)


@pytest.fixture(scope="module")
def ended(around: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Running]:
    """All pages at once: most of their time they wait."""
    running = {
        name: start(name, around.page(name.removeprefix("docs/")), tmp_path_factory.mktemp("page"))
        for name in DEVICE_PAGES
    }
    end = time.monotonic() + DEADLINE_S
    try:
        while time.monotonic() < end:
            around.turn()
            if all(one.process.poll() is not None for one in running.values()):
                break
            time.sleep(0.05)
    finally:
        for one in running.values():
            one.process.kill()
            one.process.wait()
    around.turn()
    return running


@pytest.mark.parametrize("name", DEVICE_PAGES)
def test_device_programs(name: str, around: World, ended: dict[str, Running]) -> None:
    page, said = ended[name].page, ended[name].output.read_text()
    assert ended[name].process.returncode == 0, said
    assert "Traceback" not in said, said
    assert page.seen <= around.seen, said


def execute(block: Block, replace: dict[str, str], **names: object) -> dict[str, object]:
    """Run a program of the host in a namespace of its own, which is returned."""
    text = block.text
    for old, new in replace.items():
        assert old in text, f"{block}: {old}"
        text = text.replace(old, new)
    code = compile(text, str(block), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    made = types.FunctionType(code, names)()
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(asyncio.wait_for(made, DEADLINE_S))
    return names


@pytest.mark.parametrize("block", HOST_BLOCKS, ids=str)
def test_host_programs(
    block: Block, around: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = str(block.page.relative_to(ROOT / "docs"))
    with contextlib.ExitStack() as stack:
        replace: dict[str, str] = {}
        names: dict[str, object] = {}
        if name in ("flashing.md", "provision.md"):
            (tmp_path / "garden.toml").write_text('wifi_ssid = "garden"\n')
            board = stack.enter_context(VirtualBoard(tmp_path / "board"))
            replace["/dev/ttyACM0"] = board.port
        elif name == "manager.md":
            replace["heartbeat_rate=60"] = "connection_port=0"
        elif name == "iottalk-server.md":
            replace["1883)"] = f"{around.broker.port}, http_port=0)"
            replace["asyncio.Event().wait()"] = "asyncio.sleep(0.1)"  # and not for ever
            names |= {"asyncio": asyncio, "Path": Path}
        elif "HubClient" in block.text:
            stack.enter_context(around.lamp())
            replace["    ..."] = "    break"
            names["path"] = around.folder
        execute(block, replace, **names)


def test_the_tests_of_the_page_on_testing_pass(tmp_path: Path) -> None:
    """Each block begins with the name of its file."""
    page = "docs/testing-firmware.md"
    for block in blocks(ROOT / page):
        name = block.text.split("\n")[0].removeprefix("# ")
        assert name.endswith((".py", ".ini")), f"{block}: a block without its file's name"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(block.text)
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(pytest_here, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(".") >= 5, done.stdout
