"""What of a user's project folder goes to a board."""

from pathlib import Path

import pytest

from motelink_tools import paths
from motelink_tools.errors import ToolError
from motelink_tools.flash.mpy import Abi
from motelink_tools.flash.planning import build
from motelink_tools.flash.project import doubts, own_files, platforms, standard
from motelink_tools.flash.remote import About
from motelink_tools.flash.sources import Source

NODE = "from motelink.node import Node\n"


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str = "") -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def own(self) -> list[str]:
        return sorted(source.dest for source in own_files(self.path))

    def all(self) -> dict[str, Path]:
        return {source.dest: source.path for source in standard("esp32", self.path)}


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write("app.py", NODE)
    return folder


def test_modules_go_along_where_they_are_imported(project: Folder) -> None:
    project.write("app.py", "import json, pumps.valve\ndef f():\n    from sensors import dht22\n")
    project.write("pumps/__init__.py", "from . import flow\nfrom .deep import *\n")
    for name in ("pumps/valve.py", "pumps/flow.py", "pumps/deep/__init__.py", "pumps/unused.py"):
        project.write(name, "import near\n")
    project.write("sensors/dht22.py")
    project.write("lib/near.py", "import motelink.log")
    project.write("tests/test_app.py", "import pytest")
    project.write("notes.py")
    assert project.own() == [
        *("app.py", "lib/near.py", "pumps/__init__.py", "pumps/deep/__init__.py"),
        *("pumps/flow.py", "pumps/valve.py", "sensors/dht22.py"),
    ]


def test_modules_that_import_each_other_are_no_endless_search(project: Folder) -> None:
    project.write("app.py", "import a")
    project.write("a.py", "import b")
    project.write("b.py", "import a, app")
    assert project.own() == ["a.py", "app.py", "b.py"]


def test_a_relative_import_is_from_its_own_folder(project: Folder) -> None:
    project.write("app.py", "import one.two.x")
    project.write("one/two/x.py", "from ..y import z\nfrom . import w\n")
    for name in ("y.py", "one/y.py", "w.py", "one/two/w.py"):
        project.write(name)
    assert project.own() == ["app.py", "one/two/w.py", "one/two/x.py", "one/y.py"]


def test_what_no_import_shows_is_listed(project: Folder) -> None:
    project.write(
        "pyproject.toml", '[tool.motelink]\nsend = ["web", "ca.der", "drivers/bmp.py"]\n'
    )
    for name in ("web/index.html", "web/css/x.css", "web/.cache", "ca.der", "drivers/bmp.py"):
        project.write(name)
    assert project.own() == [
        "app.py",
        "ca.der",
        "drivers/bmp.py",
        "web/css/x.css",
        "web/index.html",
    ]


@pytest.mark.parametrize("platform", ["manager", "losant", "iottalk", "sepl", "commute"])
def test_certificates_that_settings_name_go_along(project: Folder, platform: str) -> None:
    project.write("settings.toml", f'{platform}_ca = "certificates/ca.der"\n')
    with pytest.raises(ToolError, match=rf"no file .*ca\.der, which {platform}_ca in set") as info:
        project.own()
    assert info.value.kind == "bad_path"
    project.write("certificates/ca.der")
    assert project.own() == ["app.py", "certificates/ca.der", "settings.toml"]
    project.write("pyproject.toml", '[tool.motelink]\nsend = ["certificates"]\n')
    assert project.own() == ["app.py", "certificates/ca.der", "settings.toml"]


def test_a_certificate_by_its_place_on_the_board(project: Folder) -> None:
    project.write("secrets.toml", 'sepl_ca = "/ca.pem"\n')
    project.write("ca.pem")
    assert project.own() == ["app.py", "ca.pem"]
    project.write("settings.toml", 'losant_ca = "../ca.pem"\n')
    with pytest.raises(ToolError, match="leaves the board's root"):
        project.own()


@pytest.mark.parametrize(
    ("toml", "says", "kind"),
    [
        ("[tool.motelink\n", "pyproject.toml: ", "bad_settings"),
        ('[tool.motelink]\nsend = "web"\n', r"expected send = \[", "bad_settings"),
        ('[tool.motelink]\nsend = ["gone"]\n', "no file or folder .*gone", "bad_path"),
        ('[tool.motelink]\nsend = ["../x"]\n', "leaves the board's root", "bad_path"),
    ],
)
def test_a_wrong_list_is_said(project: Folder, toml: str, says: str, kind: str) -> None:
    project.write("pyproject.toml", toml)
    with pytest.raises(ToolError, match=says) as info:
        project.own()
    assert info.value.kind == kind


def test_secrets_stay_here_and_settings_go(project: Folder) -> None:
    project.write("settings.toml", 'losant_device = "x"\n')
    project.write("secrets.toml", 'losant_secret = "hunter2"\n')
    assert project.own() == ["app.py", "settings.toml"]


def test_settings_that_a_board_cannot_read_are_refused_without_their_value(
    project: Folder,
) -> None:
    project.write("settings.toml", 'name = "x"\nwifi_password = hunter2\n')
    with pytest.raises(ToolError, match="line 2: wifi_password") as info:
        project.own()
    assert info.value.kind == "bad_settings"
    assert "hunter2" not in str(info.value)


def test_settings_may_begin_with_a_byte_order_mark(project: Folder) -> None:
    text = 'manager_host = "a"\r\n'
    for name in ("settings.toml", "notes.toml"):
        project.write(name, "\ufeff" + text)
    project.write("secrets.toml", '\ufefflosant_key = "k"\n')
    assert platforms(project.path) == ["manager", "losant"]
    sources = [Source(project.path / name, name) for name in ("settings.toml", "notes.toml")]
    about = About((1, 25, 0), Abi(6, 3, 0), "Fake", 1024, 100_000, 40_000)
    sent = {file.dest: file.data for file in build(sources, about)}
    assert sent["settings.toml"] == b'manager_host = "a"\r\n'
    assert sent["notes.toml"] == (project.path / "notes.toml").read_bytes()


def test_python_that_does_not_compile_is_said_with_its_line(project: Folder) -> None:
    project.write("app.py", "x = 1\nif x\n")
    with pytest.raises(ToolError, match=r"app\.py:2 does not compile") as info:
        project.own()
    assert info.value.kind == "bad_source"


def test_only_what_the_project_s_platforms_need_goes_along(project: Folder) -> None:
    project.write("settings.toml", 'manager_host = "a"\n')
    sent = project.all()
    assert sent["app.py"] == project.path / "app.py"
    assert sent["main.py"] == paths.board_root() / "main.py"
    assert {"lib/motelink/node_manager.py", "lib/motelink/node_wifi_join.py"} <= set(sent)
    assert not [name for name in sent if "mqtt" in name or "sepl" in name or "cpython" in name]
    project.write("secrets.toml", 'losant_key = ""\n')
    assert "lib/motelink/mqtt.py" in project.all()


def test_without_platforms_in_the_settings_all_may_be_needed(project: Folder) -> None:
    assert platforms(project.path) is None
    assert {"lib/motelink/node_sepl.py", "lib/motelink/mqtt.py"} <= set(project.all())


def test_a_project_s_own_starters_are_taken(project: Folder) -> None:
    for name in ("boot.py", "main.py", "board.py"):
        project.write(name, "import motelink.utf8\n" if name == "main.py" else "")
    sent = project.all()
    assert all(sent[name] == project.path / name for name in ("boot.py", "main.py", "board.py"))
    assert "lib/motelink/utf8.py" in sent


def test_a_folder_without_app_is_no_project(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("settings.toml", 'manager_host = "a"\n')
    folder.write("main.py", "nothing of ours")
    sent = folder.all()
    assert sent["app.py"] == paths.board_root() / "app.py"
    assert sent["main.py"] == paths.board_root() / "main.py"
    assert "lib/motelink/sepl.py" in sent


def test_settings_of_a_wrong_type_are_refused_without_their_value(project: Folder) -> None:
    project.write("settings.toml", 'manager_port = "hunter2"\nwifi_ssid_2 = "x"\n')
    with pytest.raises(
        ToolError, match="manager_port is a string in quotes; write an integer"
    ) as i:
        project.own()
    assert i.value.kind == "bad_settings"
    assert "hunter2" not in str(i.value)


def test_settings_that_nobody_asks_for_but_mean_one_of_ours_are_told(project: Folder) -> None:
    project.write(
        "app.py", NODE + "def f(settings):\n    return settings.text('losant_hosts', '')\n"
    )
    project.write("settings.toml", 'losant_hots = ""\nlosant_hosts = ""\nlamp = true\n')
    says = "settings.toml: nothing asks for the setting losant_hots: did you mean losant_hosts?"
    assert list(doubts(project.path)) == [says]
    assert project.own() == ["app.py", "settings.toml"]
