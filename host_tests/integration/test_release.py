"""A release: what is in it, that it is the same each time, and that the wheel works alone."""

import hashlib
import json
import logging
import os
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from collector import interpreters
from motelink import __version__
from motelink_tools import paths
from motelink_tools.flash.sources import library_modules
from motelink_tools.hub.manager import Client, Manager
from motelink_tools.micropython import Interpreter
from motelink_tools.release import archive, build
from motelink_tools.release.building import circuitpython_bundle, mpy_archive

ROOT = paths.board_root()
BOARD = paths.board_folder("virtual")
CIRCUITPYTHON = ROOT / "host_tests" / "circuitpython" / "interpreter.py"
SEARCHED = ("PYTHONPATH", "MYPYPATH")
FIRMWARE = ("app.py", "boot.py", "main.py")
CONSUMER = """\
from motelink.losant import Device
from motelink.node import Node
from motelink_tools.hub.manager import Manager

device = Device("id", "key", "secret", secure=object())
device.add_event_observer("connect", lambda device: device.send_state({"celsius": 21}))
node = Node()
temperature = node.sensor("temperature", 1)
node.every(1000, lambda: temperature.set(215))
free: int = node.free()
with Manager(["kettle"]) as manager:
    print(manager.port)
"""
FLASH = """\
import sys
from pathlib import Path
from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, flash

folder = Path(sys.argv[1])
(folder / "project").mkdir()
with VirtualBoard(folder / "board") as board:
    flash(Options(port=board.port, project=folder / "project", reset=False))
print(sorted(path.name for path in (folder / "board").iterdir()))
"""


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it, beside the dependencies of this one."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    offline = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", *offline, str(wheel)], check=True, timeout=60)
    # As a folder of modules: what is installed editable here stays out.
    site = sysconfig.get_path("purelib", vars={"base": str(home)})
    Path(site, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def run(*command: object, cwd: Path) -> str:
    """Standard output of a command to which nothing says where other modules are."""
    clean = {name: value for name, value in os.environ.items() if name not in SEARCHED}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=clean, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources(folder: str) -> set[str]:
    """Every file beneath a folder of the repository, relative to it."""
    found = (ROOT / folder).rglob("*")
    files = {path.relative_to(ROOT / folder) for path in found if path.is_file()}
    return {str(file) for file in files if "__pycache__" not in file.parts}


def test_the_wheel_has_everything(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    expected = {f"motelink/{name}" for name in sources("lib/motelink")}
    stubs = {name + "i" for name in expected if name.endswith(".py")}
    expected |= {f"motelink_tools/{name}" for name in sources("tools/motelink_tools")}
    expected |= {f"motelink_tools/data/boards/{name}" for name in sources("boards")}
    expected |= {f"motelink_tools/data/{name}" for name in FIRMWARE}
    assert expected | stubs <= names
    assert {"motelink/py.typed", "motelink_tools/py.typed"} <= expected
    info = f"motelink-{__version__}.dist-info/"
    assert {name for name in names - expected - stubs if not name.startswith(info)} == set()


def test_the_sdist_has_everything(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    for folder in ("lib", "tools", "boards", "docs", "examples", "host_tests"):
        assert {f"{folder}/{name}" for name in sources(folder)} <= names
    assert {*FIRMWARE, "README.md", "CHANGELOG.md", "LICENSE", "Makefile", "mkdocs.yml"} <= names
    assert {"manifest.py", "package.json", "pyproject.toml"} <= names


def test_the_bytecode_archive(dist: Path, tmp_path: Path) -> None:
    (first,) = dist.glob(f"motelink-{__version__}-mpy6.*.zip")
    assert mpy_archive(tmp_path).read_bytes() == first.read_bytes()
    with zipfile.ZipFile(first) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("MANIFEST.json"))
    assert (manifest["version"], f"mpy{manifest['mpy']}") == (__version__, first.stem[-6:])
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in files.items()
    }
    assert {"lib/motelink/losant.mpy", "app.mpy", "boot.py", "main.py", "LICENSE"} <= set(files)
    assert not [name for name in files if "cpython" in name or "circuitpython" in name]
    for name, data in files.items():
        if name.endswith(".mpy"):
            assert data[:2] == b"M\x06"
            assert data[2] >> 2 == 0, f"{name} is for one architecture"


def test_the_circuitpython_bundle(dist: Path, tmp_path: Path) -> None:
    name = f"motelink-circuitpython-py-{__version__}"
    bundle = dist / f"{name}.zip"
    assert circuitpython_bundle(tmp_path).read_bytes() == bundle.read_bytes()
    with zipfile.ZipFile(bundle) as packed:
        files = {path.removeprefix(f"{name}/"): packed.read(path) for path in packed.namelist()}
    package = files["lib/motelink/__init__.py"].decode()
    assert f'__version__ = "{__version__}"' in package
    assert {"lib/motelink/_port_circuitpython.py", "lib/motelink/node.py"} <= set(files)
    assert not [path for path in files if "_port_micro" in path or "_port_cpython" in path]
    assert {"examples/motelink/code.py", "examples/motelink/settings.toml"} <= set(files)
    assert {"requirements/motelink/requirements.txt", "VERSIONS.txt"} <= set(files)


def test_the_bytecode_runs(dist: Path, tmp_path: Path) -> None:
    (packed,) = dist.glob("*-mpy6.*.zip")
    zipfile.ZipFile(packed).extractall(tmp_path)
    program = "import motelink.losant as it, motelink.node, app\nprint(it.__file__, app.__file__)"
    for runtime in interpreters().values():
        assert isinstance(runtime, Interpreter)
        done = subprocess.run(
            runtime.command("-c", program),
            cwd=tmp_path,
            env={**os.environ, "MICROPYPATH": f":lib:{BOARD}:.frozen"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert done.stdout.split() == ["lib/motelink/losant.mpy", "app.mpy"], said


def test_the_bundles_example_runs(dist: Path, tmp_path: Path) -> None:
    """With the bundle's own library, on CircuitPython as far as it is faked."""
    (packed,) = dist.glob("*circuitpython*.zip")
    zipfile.ZipFile(packed).extractall(tmp_path)
    bundle = tmp_path / packed.stem
    example = bundle / "examples" / "motelink"
    found: list[Any] = []
    with Manager(["node"], connection_port=0, logging_level=logging.ERROR) as manager:

        @manager.event
        def on_connect(client: Client) -> None:
            found.append(client.return_data()["data"])

        settings = (example / "settings.toml").read_text().replace("192.0.2.7", "127.0.0.1")
        (example / "settings.toml").write_text(f"{settings}manager_port = {manager.port}\n")
        device = subprocess.Popen(
            [sys.executable, str(CIRCUITPYTHON), "espressif", "code.py"],
            cwd=example,
            env={**os.environ, "PYTHONPATH": str(bundle / "lib")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + 20
        while not found and time.monotonic() < end and device.poll() is None:
            time.sleep(0.05)
        device.kill()
        output = device.communicate()[0].decode()
    assert found, output
    assert found[0]["name"] == "node"
    assert "uptime" in found[0]


def test_an_archive_is_its_content(tmp_path: Path) -> None:
    archive.write(tmp_path / "one.zip", {"b": b"2", "a": b"1"})
    archive.write(tmp_path / "two.zip", {"a": b"1", "b": b"2"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_sums(dist: Path) -> None:
    lines = (dist / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ")) for line in lines)
    assert set(sums) == {file.name for file in dist.iterdir()} - {"SHA256SUMS"}
    for name, found in sums.items():
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == found


def test_the_wheel_works_alone(installed: Path, tmp_path: Path) -> None:
    python = installed / "bin" / "python"
    assert "COMMAND" in run(installed / "bin" / "motelink", "--help", cwd=tmp_path)
    where = "import motelink, motelink_tools as t; print(motelink.__file__); print(t.__file__)"
    for line in run(python, "-c", where, cwd=tmp_path).splitlines():
        assert line.startswith(str(installed)), line
    flashed = run(python, "-c", FLASH, tmp_path, cwd=tmp_path)
    assert "'app.mpy', 'board.mpy', 'boot.py'" in flashed


def test_the_stubs_are_true(installed: Path, tmp_path: Path) -> None:
    """Each name and signature is that of the module, as CPython imports it."""
    modules = [f"motelink.{file.stem}" for file in library_modules() if file.stem[0] != "_"]
    stubtest = ["-m", "mypy.stubtest", "--concise", "--ignore-missing-stub"]
    assert run(installed / "bin" / "python", *stubtest, *modules, cwd=tmp_path) == ""


def test_a_strictly_typed_program_can_use_it(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache"]
    python = ["--python-executable", installed / "bin" / "python"]
    said = run(*mypy, *python, "consumer.py", cwd=tmp_path)
    assert said.startswith("Success"), said
    (tmp_path / "consumer.py").write_text(CONSUMER.replace("free: int", "free: str"))
    with pytest.raises(AssertionError, match="Incompatible types"):
        run(*mypy, *python, "consumer.py", cwd=tmp_path)
