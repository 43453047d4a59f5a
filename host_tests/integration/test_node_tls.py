"""Each platform over TLS from a node's settings alone: whom it trusts, and whom it does not."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector import interpreters
from motelink_tools.board import VirtualBoard
from motelink_tools.flash import Options, flash

from .device_process import CPYTHON, Device, Runtime
from .node_tls_world import DEADLINE_S, PLATFORMS, Background, Front
from .tls_ends import Files

PROGRAM = Path(__file__).with_name("node_tls_device.py")
# As OpenSSL, requests' urllib3, and mbedTLS say it.
UNKNOWN = r"ertificate.*(unable to get local issuer|not correctly signed by the trusted CA)"
ELSEWHERE = r"ertificate.*(IP address mismatch|does not match)"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=[CPYTHON, *interpreters()])
def runtime(request: pytest.FixtureRequest, library: Path) -> Runtime:
    return Runtime(request.param, library)


@pytest.fixture
def fronts(files: Files) -> Iterator[tuple[Front, Front]]:
    """Of the server, and of IoTtalk's broker; strangers both."""
    stranger = files.stranger.issue("impostor", "127.0.0.1")
    with (
        Background() as background,
        Front(background, stranger) as front,
        Front(background, stranger) as broker,
    ):
        yield front, broker


def _until(device: Device, pattern: str) -> None:
    while not re.search(pattern, line := device.wait_for("")):
        assert line != "connected"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_settings_say_whom_to_trust(
    runtime: Runtime, files: Files, fronts: tuple[Front, Front], platform: str, tmp_path: Path
) -> None:
    shutil.copy(files.authority.der, tmp_path / "ca.der")
    used = fronts if platform == "iottalk" else fronts[:1]
    with PLATFORMS[platform](*fronts, tmp_path) as settings:
        (tmp_path / "settings.toml").write_text(f'{settings}{platform}_ca = "ca.der"\n')
        with Device(runtime, PROGRAM, tmp_path) as device:
            for front in used:
                _until(device, UNKNOWN)
                front.show(files.elsewhere)
                _until(device, ELSEWHERE)
                assert not front.opened.is_set()
                front.show(files.server)
            device.wait_for("connected")
            assert all(front.opened.is_set() for front in used)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_file_that_is_not_there(
    runtime: Runtime, fronts: tuple[Front, Front], platform: str, tmp_path: Path
) -> None:
    with PLATFORMS[platform](*fronts, tmp_path) as settings:
        (tmp_path / "settings.toml").write_text(f'{settings}{platform}_ca = "ca.der"\n')
        with Device(runtime, PROGRAM, tmp_path) as device:
            _until(device, "(refused|ended) .*ca.der.*(ENOENT|No such file)")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_nobody_is_trusted_unasked(
    runtime: Runtime, fronts: tuple[Front, Front], platform: str, tmp_path: Path
) -> None:
    """On CPython the system's certificates are, on MicroPython there are none."""
    with PLATFORMS[platform](*fronts, tmp_path) as settings:
        (tmp_path / "settings.toml").write_text(settings)
        with Device(runtime, PROGRAM, tmp_path) as device:
            _until(device, UNKNOWN if runtime.name == CPYTHON else "(refused|ended) .*give ca=")
    assert not fronts[0].opened.is_set()


APP = """\
from motelink.node import Node


def run():
    Node(name="kettle").run()
"""


def test_a_project_that_is_flashed(
    files: Files, fronts: tuple[Front, Front], tmp_path: Path
) -> None:
    """Its user names the authority's file, and does no more for it."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "app.py").write_text(APP)
    shutil.copy(files.authority.pem, project / "ca.pem")
    fronts[0].show(files.server)
    said = bytearray()
    with PLATFORMS["sepl"](*fronts, tmp_path) as settings:
        (project / "settings.toml").write_text(
            f'{settings}sepl_ca = "ca.pem"\nwifi_ssid = "any"\nntp_servers = ""\n'
        )
        with VirtualBoard(tmp_path / "board", heard=said.extend) as board:
            flash(Options(port=board.port, board="virtual", project=project))
            assert fronts[0].opened.wait(DEADLINE_S), bytes(said)
