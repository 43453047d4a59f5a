"""What ``motelink new`` makes: for every board and platform, and never over what is there."""

import json
import stat
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from motelink_tools import cli
from motelink_tools.errors import ToolError
from motelink_tools.flash.boards import known
from motelink_tools.flash.project import PLATFORMS, platforms, settings, standard
from motelink_tools.new import Project, make

SECRETS_OF = {
    "losant": {"losant_device", "losant_key", "losant_secret"},
    "sepl": {"sepl_user", "sepl_password"},
    "commute": {"commute_device", "commute_key"},
}


def test_every_board_with_every_choice_of_platforms(tmp_path: Path) -> None:
    choices = [c for n in (1, 2, 5) for c in combinations(PLATFORMS, n)]
    for board in known():
        for number, chosen in enumerate(choices):
            folder = tmp_path / f"{board.replace('_', '-')}-{number}"
            files = {
                p.relative_to(folder).as_posix() for p in make(Project(folder, board, chosen))
            }
            assert files == {
                *("app.py", "settings.toml", "secrets.toml", "tests/test_app.py"),
                *("README.md", "pyproject.toml", ".gitignore"),
            }
            texts = [(folder / name).read_text() for name in files]
            assert not [text for text in texts if "@NAME@" in text or "@BOARD@" in text]
            assert platforms(folder) == [name for name in PLATFORMS if name in chosen]
            secrets = settings(folder / "secrets.toml")
            expected = set().union(*(SECRETS_OF.get(name, set()) for name in chosen))
            assert set(secrets) == {"wifi_ssid", "wifi_password", *expected}
            assert set(secrets.values()) == {""}
            for name in ("app.py", "tests/test_app.py"):
                compile((folder / name).read_text(), name, "exec")
            tomllib.loads((folder / "pyproject.toml").read_text())
            assert f'board("{board}")' in (folder / "tests/test_app.py").read_text()
        sent = {source.dest for source in standard(board, folder)}
        assert {"app.py", "settings.toml", "board.py"} <= sent
        assert not {name for name in sent if "test" in name or "secret" in name}


def test_secrets_are_for_the_owner_s_eyes_and_git_does_not_see_them(tmp_path: Path) -> None:
    make(Project(tmp_path / "lamp"))
    mode = (tmp_path / "lamp" / "secrets.toml").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    assert "secrets.toml" in (tmp_path / "lamp" / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize(
    "name", ["Lamp", "1lamp", "-lamp", "lamp-", "la mp", "lämp", "l" * 33, "la.mp", "lamp_1"]
)
def test_a_name_that_some_platform_could_not_take_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with pytest.raises(ToolError, match="cannot be a project's name") as info:
        make(Project(folder))
    assert info.value.kind == "bad_name"
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_exists_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "lamp"
    folder.mkdir()
    make(Project(folder))  # an empty one is as good as none
    app = folder / "app.py"
    app.write_text("mine")
    with pytest.raises(ToolError, match="lamp exists and has files") as info:
        make(Project(folder))
    assert info.value.kind == "exists"
    assert app.read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ToolError, match="file exists"):
        make(Project(tmp_path / "file"))


def test_an_unknown_board_or_platform_is_said_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no board named 'toaster'; there are: esp32"):
        make(Project(tmp_path / "lamp", "toaster"))
    with pytest.raises(ToolError, match="no platform named 'x'; there are: manager, losant"):
        make(Project(tmp_path / "lamp", "esp32", ["x"]))
    assert not (tmp_path / "lamp").exists()


def test_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", str(tmp_path / "lamp"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["folder"]) == (True, str(tmp_path / "lamp"))
    assert "app.py" in said["files"]


# One without an LED, one with an inverted one, one whose LED is no number.
@pytest.mark.parametrize("board", ["esp32s3", "esp32c3", "rpi_pico_w"])
def test_its_own_tests_pass_at_once(tmp_path: Path, pytester: pytest.Pytester, board: str) -> None:
    folder = pytester.path / "lamp"
    make(Project(folder, board, PLATFORMS))
    outcome = pytester.runpytest(
        "--rootdir", str(folder), "-c", str(folder / "pyproject.toml"), folder
    )
    outcome.assert_outcomes(passed=4)


def test_a_dot_is_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "lamp"
    folder.mkdir()
    monkeypatch.chdir(folder)
    make(Project(Path()))
    assert "lamp" in (folder / "app.py").read_text()
