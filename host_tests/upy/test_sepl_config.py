"""motelink.sepl_config: connector.conf, read and given its gid."""

from kit import raises
from motelink import storage
from motelink.errors import ConfigError
from motelink.sepl_config import Config

FILE = """\
# of this gateway
[CONNECTOR]
protocol = ws
Host = sepl.example.org
port: 8093
user = me
password = a=b:c # not a comment

[LOGGER]
level = Debug
rotating_log = yes
rotating_log_backup_count = 3
"""


def _config(text):
    storage.write("c.conf", text)
    return Config("c.conf")


def test_reads():
    config = _config(FILE)
    assert config.protocol == "ws" and config.host == "sepl.example.org" and config.port == 8093
    assert config.user == "me" and config.password == "a=b:c # not a comment"
    assert config.gid == ""
    assert config.level == "debug" and config.rotating_log
    assert config.rotating_log_backup_count == 3


def test_defaults():
    config = _config("[CONNECTOR]\r\nhost=h\r\nuser=u\r\npassword=p\r\n")
    assert config.protocol == "wss" and config.port == 443
    assert config.level == "info" and not config.rotating_log


def test_gid_is_written_back_and_the_rest_stays():
    config = _config(FILE)
    config.set_gid("g-1")
    assert config.gid == "g-1"
    again = Config("c.conf")
    assert again.gid == "g-1" and again.password == config.password
    again.set_gid("g-2")
    text = storage.read("c.conf").decode()
    assert "gid = g-2\n" in text and "g-1" not in text
    assert text.replace("gid = g-2\n", "") == FILE


def test_gid_in_another_section_is_another():
    config = _config("[OTHER]\ngid = x\n" + FILE)
    assert config.gid == ""
    config.set_gid("mine")
    assert "[OTHER]\ngid = x\n" in storage.read("c.conf").decode()
    assert Config("c.conf").gid == "mine"


def test_gid_goes_into_its_section_however_that_is_written():
    config = _config(FILE.replace("[CONNECTOR]", "  [ CONNECTOR ] "))
    config.set_gid("mine")
    assert Config("c.conf").gid == "mine"


def test_gid_where_the_file_has_gone():
    config = _config(FILE)
    storage.remove("c.conf")
    raises(ConfigError, config.set_gid, "mine")
    assert storage.read("c.conf") is None and config.gid == ""


def test_gid_that_would_forge_a_line():
    config = _config(FILE)
    raises(ConfigError, config.set_gid, "x\npassword = y")
    assert storage.read("c.conf").decode() == FILE


def test_says_what_is_wrong_and_never_a_value():
    for old, new, where in (
        ("protocol = ws", "protocol = hunter2", "CONNECTOR.protocol"),
        ("Host = sepl.example.org", "", "CONNECTOR.host"),
        ("port: 8093", "port = hunter2", "CONNECTOR.port"),
        ("port: 8093", "port = 65536", "CONNECTOR.port"),
        ("user = me", "", "CONNECTOR.user"),
        ("password = a=b:c", "hunter2", "line 7"),
        ("[CONNECTOR]", "", "line 3"),
        ("level = Debug", "level = hunter2", "LOGGER.level"),
        ("rotating_log = yes", "rotating_log = hunter2", "LOGGER.rotating_log"),
        ("count = 3", "count = hunter2", "LOGGER.rotating_log_backup_count"),
    ):
        error = str(raises(ConfigError, _config, FILE.replace(old, new)))
        assert where in error and "c.conf" in error and "hunter2" not in error, error


def test_no_file():
    assert "nowhere.conf" in str(raises(ConfigError, Config, "nowhere.conf"))


def test_not_utf8():
    assert "UTF-8" in str(raises(ConfigError, _config, b"[CONNECTOR]\nhost = \xff\n"))
