"""The hub's configuration file."""

from pathlib import Path

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.app.settings import load, modules


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "hub.toml"
        path.write_text(text)
        return path

    return write


def test_without_a_file_every_platform_is_served_as_by_default():
    configuration = load(None)
    assert list(configuration.platforms) == list(modules())
    assert {"manager", "losant", "iottalk"} <= set(configuration.platforms)
    assert configuration.hub.host == "127.0.0.1"
    assert configuration.hub.folder == Path.home() / ".motelink"


def test_every_section_is_read(written, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    configuration = load(
        written(
            """
            [hub]
            folder = "~/iot"
            host = "0.0.0.0"
            only = ["losant", "manager"]
            [manager]
            types = ["light", "lock"]
            heartbeat_rate = 5
            [losant]
            port = 0
            certificate = "server.pem"
            """
        )
    )
    assert configuration.hub.folder == Path("/home/somebody/iot")
    assert set(configuration.platforms) == {"losant", "manager"}
    assert configuration.platforms["manager"].types == ("light", "lock")
    assert configuration.platforms["manager"].heartbeat_rate == 5
    losant = configuration.platforms["losant"]
    assert (losant.port, losant.ws_port, losant.certificate) == (0, 1886, Path("server.pem"))


def test_the_command_line_wins(written, tmp_path):
    path = written('[hub]\nfolder = "/elsewhere"\nonly = ["losant"]\n')
    configuration = load(path, folder=tmp_path, only=["manager"])
    assert configuration.hub.folder == tmp_path
    assert list(configuration.platforms) == ["manager"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[hub", "hub.toml: "),
        ("[lostant]\n", r"hub\.toml: no section \[lostant\]; there are: hub, .*losant"),
        ("losant = 1\n", r"hub\.toml: expected a section \[losant\]"),
        ("[losant]\nprot = 1\n", r"hub\.toml: \[losant\] has no 'prot'; there are: port, "),
        ('[losant]\nport = "1885"\n', r"hub\.toml: \[losant\] port: expected int, got '1885'"),
        ("[losant]\nport = 70000\n", r"\[losant\] port: expected 0 to 65535, got 70000"),
        ("[hub]\npage_port = -1\n", r"\[hub\] page_port: expected 0 to 65535, got -1"),
        ("[losant]\nkeep_days = -1\n", r"\[losant\] keep_days: expected 0 or more, got -1"),
        ("[losant]\nkeep_days = nan\n", r"\[losant\] keep_days: expected 0 or more, got nan"),
        ("[losant]\nport = true\n", r"\[losant\] port: expected int, got True"),
        ("[losant]\nkey = 1\n", r"\[losant\] key: expected a path, got 1"),
        ("[losant]\nkeep_days = '1'\n", r"\[losant\] keep_days: expected a number"),
        ("[manager]\ntypes = 'a'\n", r"\[manager\] types: expected a list of strings"),
        ("[hub]\nonly = ['x']\n", "no platform 'x'; there are: "),
    ],
)
def test_what_cannot_be_is_said_with_its_place(written, text, complaint):
    with pytest.raises(ToolError, match=complaint) as error:
        load(written(text))
    assert "\n" not in str(error.value)


def test_a_byte_order_mark_is_no_part_of_it(written):
    assert load(written("\ufeff[losant]\nport = 0\n")).platforms["losant"].port == 0


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ToolError, match=r"cannot read .*none\.toml: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"[hub]\nhost = '\xe4'\n")
    with pytest.raises(ToolError, match=r"latin\.toml: .*utf-8"):
        load(tmp_path / "latin.toml")
