"""The INI file of iotctl."""

import stat
from pathlib import Path

import pytest

from motelink_tools.cli import iotctl
from motelink_tools.errors import ToolError
from motelink_tools.hub.iotctl import settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def loaded(tmp_path, text):
    path = tmp_path / "own.ini"
    path.write_text(text)
    return settings.load(path)


def test_the_defaults(home):
    found = settings.load(None)
    assert found.folder == home / ".iottalk"
    assert found.database == home / ".iottalk" / "iottalk.db"
    assert (found.bind, found.http_port, found.expiration) == ("127.0.0.1", 9992, 259200)
    assert (found.scheme, found.host, found.port) == ("mqtt", "localhost", 1883)
    assert (found.ws_scheme, found.ws_port) == ("ws", 1884)
    assert found.account is None


def test_the_sample_has_the_defaults(home, capsys):
    defaults = settings.load(None)
    path = home / "sample.ini"
    assert iotctl.main(["genconf", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert settings.load(path) == defaults
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert iotctl.main(["genconf", str(path)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert iotctl.main(["genconf", str(home)]) == 0
    assert (home / "iottalk.ini").read_text() == path.read_text()
    capsys.readouterr()
    assert iotctl.main(["genconf", "-"]) == 0
    assert capsys.readouterr().out == path.read_text()


def test_values_may_stand_for_others(home):
    found = loaded(
        home,
        "[core]\nuserdir = ~/here\nbind = ${core-mqtt:host}\n"
        "[core-db]\nurl = ${core:userdir}/deep/db\n"
        "[core-mqtt]\nhost = 192.0.2.7\nport = 1999\n"
        "[core-ws]\nport = ${core-mqtt:port}\n",
    )
    assert found.bind == "192.0.2.7"
    assert found.database == home / "here" / "deep" / "db"
    assert found.ws_port == 1999


def test_a_relative_database_is_in_the_folder(home):
    found = loaded(home, f"[core]\nuserdir={home}/x\n[core-db]\nurl=my.db\n")
    assert found.database == Path(home / "x" / "my.db")


def test_the_account(home):
    found = loaded(home, "[aaa]\nenable_mqtt_auth = yes\n[aaa-ec]\nec-token = t$$o%ken\n")
    assert found.account == ("ec", "t$o%ken")


def test_the_users_own_file_is_found(home):
    (home / ".iottalk").mkdir()
    (home / ".iottalk" / "iottalk.ini").write_text("[core]\nhttp-port = 7000\n")
    assert settings.load(None).http_port == 7000


def test_sections_of_others_are_left_alone(home):
    loaded(home, "[ccm]\nport = 7788\nanything = ${no:where\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no section", "no section headers"),
        ("[core]\nhttp-port = many", "'many'; expected a number"),
        ("[core]\nhttp-port = 65536", "up to 65535"),
        ("[core]\nhttp-port = -1", "expected a number"),
        ("[core]\nda-expiration = ", "expected a number"),
        ("[core]\nhttp_port = 9992", "[core] http_port is unknown"),
        ("[core-db]\ntype = mysql", "only sqlite"),
        ("[core]\nbind = ${no:where}", "no"),
        ("[aaa]\nenable_mqtt_auth = perhaps", "perhaps"),
        ("[core]\nbind = x\nbind = y", "already exists"),
    ],
)
def test_files_that_cannot_be_used(home, text, said):
    with pytest.raises(ToolError, match="cannot use") as failed:
        loaded(home, text)
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_file_that_is_not_there(home, capsys):
    assert iotctl.main(["-c", str(home / "none.ini"), "status"]) == 1
    assert capsys.readouterr().err == (
        f"iotctl: cannot use {home / 'none.ini'}: No such file or directory\n"
    )


@pytest.mark.parametrize("arguments", [["-h"], ["--version"], ["start", "--help"]])
def test_help_and_version(capsys, arguments):
    with pytest.raises(SystemExit) as end:
        iotctl.main(arguments)
    assert end.value.code == 0
    assert "iotctl" in capsys.readouterr().out


def test_no_command_is_help(capsys):
    assert iotctl.main([]) == 0
    assert capsys.readouterr().out.startswith("usage: iotctl ")
