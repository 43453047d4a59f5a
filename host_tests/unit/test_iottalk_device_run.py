"""``motelink iottalk run``: which file it is, and what is said of one that cannot be run."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motelink import iottalk_dan, iottalk_sa
from motelink_tools import cli
from motelink_tools.errors import ToolError
from motelink_tools.iottalk_run import runner

SA = """
import helper
from iottalkpy import dan
from iottalkpy.dan import NoData
api_url = "http://192.0.2.5:9992"
device_model = "Cat"
idf_list = ["X"]
def X():
    return NoData
"""


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A command ends its process; here the next one follows."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = sys.modules.copy()
    yield
    for name in set(sys.modules) - set(before):
        if name in ("sa", "cats", "helper") or name.startswith("iottalkpy"):
            del sys.modules[name]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The modules that would have been run."""
    modules: list[Any] = []
    monkeypatch.setattr(iottalk_sa, "run", modules.append)
    return modules


def write(path: Path, text: str = SA) -> Path:
    path.parent.mkdir(exist_ok=True)
    (path.parent / "helper.py").write_text("")
    path.write_text(text)
    return path


@pytest.mark.parametrize(("file", "named"), [("sa.py", "sa.py"), ("sa.py", "sa")])
def test_a_file(tmp_path: Path, started: list[Any], file: str, named: str) -> None:
    write(tmp_path / file)
    assert cli.main(["iottalk", "run", str(tmp_path / named)]) == 0
    (module,) = started
    assert module.api_url == "http://192.0.2.5:9992"
    assert module.NoData is iottalk_dan.NoData
    assert module.dan is iottalk_dan


def test_a_package(tmp_path: Path, started: list[Any]) -> None:
    write(tmp_path / "cats" / "__init__.py")
    assert cli.main(["iottalk", "run", str(tmp_path / "cats"), "--url", "http://other"]) == 0
    assert started[0].api_url == "http://other"


def test_a_device_without_an_address_has_another_each_time(
    tmp_path: Path, started: list[Any]
) -> None:
    for _ in range(2):
        runner.run(write(tmp_path / "sa.py"))
    first, second = started
    assert first.device_addr != second.device_addr
    runner.run(write(tmp_path / "sa.py", SA + "device_addr = 'C860008BD249'\n"))
    assert started[2].device_addr == "C860008BD249"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\n\nnonsense", "sa.py:3: NameError: name 'nonsense' is not defined"),
        ("\ndef X(:\n", "sa.py:2: SyntaxError"),
        ("import no_such_module", "sa.py:1: ModuleNotFoundError"),
        ("api_url = 'http://h'", "expected device_model in the module"),
        (SA.replace("def X", "def Y"), "expected a function X for the feature X"),
        (SA.replace("http://", "ftp://"), "expected http://host:9992, got 'ftp://"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    assert cli.main(["iottalk", "run", str(write(tmp_path / "sa.py", text))]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    (line,) = errors.splitlines()
    assert says in line


def test_there_must_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no such SA"):
        runner.load(tmp_path / "sa.py")
