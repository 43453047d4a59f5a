"""motelink.settings: flat settings.toml, typed, with errors that tell no secret."""

from kit import MICROPYTHON, raises
from motelink import port
from motelink.errors import ConfigError
from motelink.settings import Settings
from motelink.settings_toml import parse

SECRET = "hunter2"

EXAMPLE = b"""\
# The kettle in the kitchen.
name = "kettle"          # a comment

room='C:\\kitchen #1'
  port\t=\t8595
hex = 0xDEAD_beef
octal = 0o755
binary = 0b1010_1010
big = 1_000_000_000_000
negative = -17
plus = +5
ratio = 0.25
small = -1.5e-3
large = 1E6
on = true
off = false#off
empty = ""
"quote\xc3\xa9" is not here = 1
"""


def _parse(text):
    return parse(text.encode().split(b"\n"), "settings.toml")


def _write(data):
    with open("settings.toml", "wb") as file:
        file.write(data)


def _settings(text):
    _write(text.encode())
    return Settings()


# The language.


def test_example():
    lines = EXAMPLE.split(b"\n")[:-2]
    assert parse(lines, "settings.toml") == {
        "name": "kettle",
        "room": "C:\\kitchen #1",
        "port": 8595,
        "hex": 0xDEADBEEF,
        "octal": 493,
        "binary": 170,
        "big": 1000000000000,
        "negative": -17,
        "plus": 5,
        "ratio": 0.25,
        "small": -0.0015,
        "large": 1000000.0,
        "on": True,
        "off": False,
        "empty": "",
    }


def test_types():
    values = _parse("i = 1\nf = 1.0\nb = true\ns = '1'")
    assert [type(values[key]) for key in ("i", "f", "b", "s")] == [int, float, bool, str]


def test_escapes():
    values = _parse(r'a = "\b\t\n\f\r\"\\ \u00e9 \U0001F600 é"')
    assert values["a"] == '\b\t\n\f\r"\\ é 😀 é'


def test_line_ends():
    assert parse([b"a = 1\r\n", b"\r\n", b"b = 'x'\n", b"c = 2"], "x") == {
        "a": 1,
        "b": "x",
        "c": 2,
    }


def test_what_is_wrong_is_said_with_its_line():
    for line, reason in (
        ("[wifi]", "tables are not supported"),
        ("[[wifi]]", "tables are not supported"),
        ("a = [1, 2]", "arrays"),
        ("a = {b = 1}", "arrays and tables"),
        ('a = """x"""', "several lines"),
        ("a = '''x'''", "several lines"),
        ("a.b = 1", "dotted"),
        ('"a" = 1', "quoted keys"),
        ("a = 2024-01-01", "a value is"),
        ("a = 12:30:00", "a value is"),
        ("a = yes", "a value is"),
        ("a = True", "a value is"),
        ("a = inf", "a value is"),
        ("a =", "a value is"),
        ("a", "key = value"),
        ("= 1", "key = value"),
        ("a b = 1", "key = value"),
        ("é = 1", "key = value"),
        ("once = 2", "once is set twice"),
        ('a = "x', 'closing "'),
        ('a = "x\\"', 'closing "'),
        ("a = 'x", "closing '"),
        ('a = "x" y', "only a comment"),
        ("a = 'x' 'y'", "only a comment"),
        ("a = 1 2", "a value is"),
        ("a = 01", "does not begin with 0"),
        ("a = -01.5", "does not begin with 0"),
        ("a = 1__0", "a value is"),
        ("a = _1", "a value is"),
        ("a = 1_", "a value is"),
        ("a = 1.", "a value is"),
        ("a = .5", "a value is"),
        ("a = 1e", "a value is"),
        ("a = 1e+", "a value is"),
        ("a = 1_.5", "a value is"),
        ("a = 0x", "a value is"),
        ("a = +0x1", "a value is"),
        ("a = 0xg", "a value is"),
        ("a = 0b2", "a value is"),
        ("a = --1", "a value is"),
        ('a = "\\x41"', "escapes are"),
        ('a = "\\u12"', "escapes are"),
        ('a = "\\u12g4"', "escapes are"),
        ('a = "\\', "escapes are"),
        ('a = "\\ud800"', "no character"),
        ('a = "\\U00110000"', "no character"),
        ("a = 'x\x01'", "control character"),
        ("# \x7f", "control character"),
        ("a = 1\r", "control character"),
    ):
        error = str(raises(ConfigError, _parse, "once = 1\n" + line))
        assert error.startswith("settings.toml line 2: "), (line, error)
        assert reason in error, (line, error)
        assert "\n" not in error, error


def test_not_utf8():
    error = raises(ConfigError, parse, [b"a = 1\n", b"b = '\xff'\n"], "settings.toml")
    assert str(error) == "settings.toml line 2: not UTF-8"


def test_no_error_tells_a_value():
    for line in (
        SECRET,
        "a = " + SECRET,
        'a = "' + SECRET,
        "a = '" + SECRET,
        'a = "' + SECRET + '\\q"',
        'a = "x" ' + SECRET,
        "a = 0x" + SECRET,
        "a = 12" + SECRET,
        "a = [" + SECRET,
        "a = 1e" + SECRET,
        '"' + SECRET + '" = 1',
        SECRET + " x",
    ):
        assert SECRET not in str(raises(ConfigError, _parse, line)), line


# The settings of a device.


def test_getters():
    settings = _settings("t = 'x'\ni = 5\nn = 2.5\nf = true\nz = 0\ne = ''")
    assert settings.text("t") == "x"
    assert settings.integer("i") == 5
    assert settings.number("n") == 2.5
    assert settings.number("i") == 5.0
    assert isinstance(settings.number("i"), float)
    assert settings.flag("f") is True
    assert settings.integer("z", 7) == 0
    assert settings.text("e", "default") == ""
    assert settings.get("t") == "x"
    assert settings.get("i", "default") == 5


def test_defaults():
    settings = _settings("")
    assert settings.text("t", "y") == "y"
    assert settings.text("t", None) is None
    assert settings.integer("i", 6) == 6
    assert settings.number("n", 3) == 3.0
    assert settings.number("n", None) is None
    assert settings.flag("f", False) is False
    assert settings.get("t") is None
    assert settings.get("t", 1) == 1


def test_missing_setting_names_file_and_key():
    for settings in (_settings("other = 1"), Settings("nowhere.toml")):
        for getter in (settings.text, settings.integer, settings.number, settings.flag):
            error = str(raises(ConfigError, getter, "wifi_ssid"))
            assert "wifi_ssid is missing" in error, error
            assert ".toml" in error, error


def test_wrong_type_names_file_and_key_and_no_value():
    settings = _settings("s = '%s'\ni = 5\nf = 2.5\nb = true" % SECRET)
    for getter, keys, wanted in (
        (settings.text, "ifb", "a string"),
        (settings.integer, "sfb", "an integer"),
        (settings.number, "sb", "a number"),
        (settings.flag, "sif", "true or false"),
    ):
        for key in keys:
            error = str(raises(ConfigError, getter, key))
            assert error.startswith("settings.toml: %s must be %s" % (key, wanted)), error
            assert SECRET not in error, error
            raises(ConfigError, getter, key, None)


def test_file_is_read_once():
    settings = _settings("a = 1")
    assert settings.integer("a") == 1
    _write(b"a = 2")
    assert settings.integer("a") == 1
    assert Settings().integer("a") == 2


def test_broken_file_is_an_error_even_where_there_is_a_default():
    settings = _settings("a = 1\nb")
    assert "line 2" in str(raises(ConfigError, settings.integer, "a", 5))


def test_folder_instead_of_a_file():
    assert "cannot be read" in str(raises(ConfigError, Settings(".").text, "a"))


def test_reading_leaves_little_more_than_the_values():
    if not MICROPYTHON:
        return
    import gc
    import sys

    settings = _settings("a = 1\nb = 'x'\n" + "# comment\n" * 100)
    sys.modules.pop("motelink.settings_toml", None)
    gc.collect()
    before = gc.mem_alloc()
    assert settings.integer("a") == 1
    gc.collect()
    assert gc.mem_alloc() - before < 400, gc.mem_alloc() - before


def test_shows_no_values():
    settings = _settings("a = '%s'" % SECRET)
    settings.text("a")
    assert SECRET not in str(settings) + repr(settings)


# Secrets, apart from the settings.


def test_secrets_come_with_the_settings_and_win():
    _write(b'a = "public"\nb = 2\n')
    with open("secrets.toml", "wb") as file:
        file.write(b'a = "secret"\nc = 3\n')
    settings = Settings()
    # CircuitPython reads settings.toml by itself, and what it gives is not asked for elsewhere.
    first = "public" if port.RUNTIME == "circuitpython" else "secret"
    assert [settings.get(name) for name in "abc"] == [first, 2, 3]


def test_secrets_alone_are_settings():
    with open("secrets.toml", "wb") as file:
        file.write(b"c = 3\n")
    assert Settings().integer("c") == 3


def test_another_file_has_no_secrets():
    with open("secrets.toml", "wb") as file:
        file.write(b"c = 3\n")
    with open("other.toml", "wb") as file:
        file.write(b"a = 1\n")
    assert Settings("other.toml").get("c") is None


def test_broken_secrets_are_told_by_their_file_and_line():
    _write(b"a = 1\n")
    with open("secrets.toml", "wb") as file:
        file.write(b'b = "' + SECRET.encode() + b"\n")
    error = raises(ConfigError, Settings().get, "b")
    assert "secrets.toml line 1" in str(error)
    assert SECRET not in str(error)


class Nvs:
    """What esp32.NVS is, for one namespace."""

    data = b'b = "nvs"\n'

    def __init__(self, namespace):
        assert namespace == "motelink"

    def get_blob(self, name, buf):
        assert name == "secrets"
        if self.data is None:
            raise OSError(-4354)
        buf[: len(self.data)] = self.data
        return len(self.data)


def _with_nvs(data):
    room = port.load("_files")
    room.nvs = Nvs
    Nvs.data = data
    try:
        return Settings().get("b")
    finally:
        room.nvs = None


def test_secrets_in_nvs():
    with open("secrets.toml", "wb") as file:
        file.write(b'b = "file"\n')
    assert _with_nvs(b'# a comment\nb = "nvs"\n') == "nvs"
    assert _with_nvs(None) == "file"
