"""The lines of secrets.toml before and after, and what is asked for."""

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.errors import ToolError
from motelink_tools.provision import Options, asking, command, merge, report
from motelink_tools.provision.secrets import read
from motelink_tools.transport import read_answer

KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,15}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBERS = st.integers(-(2**62), 2**62) | st.floats(allow_nan=False, allow_infinity=False)
SETTINGS = st.dictionaries(KEYS, TEXTS | st.booleans() | NUMBERS, max_size=6)


@given(SETTINGS, SETTINGS, st.sets(KEYS))
def test_merging_is_updating_a_dict(old, new, removed):
    removed -= set(new)
    before = merge(b"", old)
    after = read(merge(before, new, removed), "x")
    assert after == {**{k: v for k, v in old.items() if k not in removed}, **new}
    assert [type(after[key]) for key in new] == [type(value) for value in new.values()]


def test_comments_and_other_lines_stay_where_they_are():
    before = b'# mine\n\n a=1  # one\nb = "x"\r\nc = 3'
    after = merge(before, {"b": 'y"z', "d": True}, ["c"])
    assert after == b'# mine\n\n a=1  # one\nb = "y\\"z"\nd = true\n'


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    marked = b"\xef\xbb\xbfa = 1\r\nb = 2\r\n"
    assert read(marked, "x") == {"a": 1, "b": 2}
    assert merge(marked, {"a": 3}) == b"a = 3\nb = 2\n"
    assert merge(marked, {}) == b"a = 1\nb = 2\n"


@pytest.mark.parametrize(
    ("old", "changes", "says", "kind"),
    [
        (b'a = "hunter2\n', {}, "NVS line 1", "bad_settings"),
        (b"", {"a b": "hunter2"}, "'a b' cannot be", "bad_name"),
        (b"", {"a": float("inf")}, "a: inf", "bad_value"),
        (b"", {"a": "hunter2\ud800"}, "a: the value is no valid text", "bad_value"),
    ],
)
def test_what_cannot_be_is_said_without_the_value(old, changes, says, kind):
    with pytest.raises(ToolError, match=says) as info:
        merge(old, changes, name="NVS")
    assert info.value.kind == kind
    assert "hunter2" not in str(info.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("wifi_password", "12345678", "12345678"),
        ("manager_port", "8595", 8595),
        ("losant_interval", "1000", 1000),
        ("losant_secure", "false", False),
        ("manager_tls", "true", True),
        ("outbox_record", "64", 64),
        ("my_own", "true", "true"),
    ],
)
def test_what_is_typed_becomes_what_the_firmware_reads(answers, tmp_path: Path, name, text, value):
    answers |= {name: text}
    assert command._changes(Options(project=tmp_path, names=[name])) == ({name: value}, [])


@pytest.mark.parametrize(("name", "text"), [("sepl_port", "hunter2"), ("losant_secure", "yes")])
def test_what_is_typed_wrongly_is_not_repeated(answers, tmp_path: Path, name, text):
    answers |= {name: text}
    with pytest.raises(ToolError, match=name) as info:
        command._changes(Options(project=tmp_path, names=[name]))
    assert text not in str(info.value)


def test_a_file_s_value_of_a_wrong_type_is_refused_and_not_repeated(tmp_path: Path):
    (tmp_path / "secrets.toml").write_text("wifi_password = 12345678\n")
    with pytest.raises(ToolError, match="wifi_password is an integer; write a string") as info:
        command._changes(Options(project=tmp_path))
    assert info.value.kind == "bad_value"
    assert "12345678" not in str(info.value)


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def answers(monkeypatch):
    """What the person types, by name; the prompts that hid it are in ``hidden``."""
    given = {"hidden": []}

    def answer(prompt):
        return given.get(prompt.split()[0].rstrip(","), "")

    def hide(prompt):
        given["hidden"].append(prompt.split()[0])
        return answer(prompt)

    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO()))
    monkeypatch.setattr("getpass.getpass", hide)
    monkeypatch.setattr("builtins.input", answer)
    return given


def test_without_a_project_wifi_is_asked_for(answers, tmp_path: Path):
    answers |= {"wifi_ssid": "home", "wifi_password": "hunter2"}
    changes, empty = command._changes(Options(project=tmp_path))
    assert changes == {"wifi_ssid": "home", "wifi_password": "hunter2"}
    assert answers["hidden"] == ["wifi_password"]
    assert empty == []


def test_a_project_s_placeholders_are_asked_for(answers, tmp_path: Path):
    answers |= {"losant_key": "k"}
    (tmp_path / "secrets.toml").write_text('a = 1\nlosant_key = ""\nlosant_secret = ""\n')
    changes, empty = command._changes(Options(project=tmp_path))
    assert changes == {"a": 1, "losant_key": "k"}
    assert empty == ["losant_secret"]
    assert answers["hidden"] == ["losant_key", "losant_secret"]


def test_without_a_terminal_nobody_is_asked(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"b = 2\n")))
    (tmp_path / "secrets.toml").write_text('a = 1\nlosant_key = ""\n')
    assert command._changes(Options(project=tmp_path)) == ({"a": 1}, ["losant_key"])
    assert command._changes(Options(project=tmp_path, source="-")) == ({"b": 2}, [])
    with pytest.raises(ToolError) as info:
        command._changes(Options(project=tmp_path, names=["x"]))
    assert info.value.kind == "no_terminal"


@pytest.mark.parametrize("hidden", [True, False])
def test_the_end_of_the_input_ends_it(answers, monkeypatch, hidden):
    def ends(_prompt):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", ends)
    monkeypatch.setattr("builtins.input", ends)
    with pytest.raises(ToolError, match="nothing was written") as info:
        asking.ask(["wifi_password" if hidden else "wifi_ssid"], {})
    assert info.value.kind == "no_value"
    monkeypatch.setattr(report, "provision", None)
    with pytest.raises(ToolError, match="nothing was removed"):
        report.run(Options(port=os.devnull, wipe=True), yes=False, as_json=False)


@pytest.mark.parametrize("options", [{}, {"names": ["x"]}, {"wipe": True}])
def test_a_port_that_there_is_not_is_said_before_anything_is_asked(
    answers, monkeypatch, tmp_path: Path, options
):
    monkeypatch.setattr("getpass.getpass", None)
    monkeypatch.setattr("builtins.input", None)
    options = Options(port=str(tmp_path / "ttyACM7"), project=tmp_path, **options)
    with pytest.raises(ToolError, match="there is no port") as info:
        report.run(options, yes=False, as_json=False)
    assert info.value.kind == "no_port"


def test_what_is_typed_and_no_text_is_not_repeated(answers, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda _prompt: b"hunter2\xff".decode())
    with pytest.raises(ToolError, match="no valid text") as info:
        asking.ask(["wifi_password"], {})
    assert info.value.kind == "bad_value"
    assert info.value.__cause__ is None
    assert info.value.__suppress_context__


def test_prompts_leave_stdout_to_the_result(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", Terminal(io.BytesIO(b"home\n")))
    assert asking.ask(["wifi_ssid"], {}) == {"wifi_ssid": "home"}
    said = capsys.readouterr()
    assert said.out == ""
    assert "wifi_ssid" in said.err


@pytest.mark.parametrize("where", ["names", "removed"])
@pytest.mark.parametrize("name", ["wifi_password=hunter2", "wifi password hunter2", ""])
def test_a_value_among_the_names_is_not_repeated(where, name):
    with pytest.raises(ToolError, match="give no value") as info:
        Options(**{where: [name]})
    assert info.value.kind == "bad_name"
    assert "hunter2" not in str(info.value)


@pytest.mark.parametrize(
    "rest", [{"names": ["a"]}, {"source": "-"}, {"removed": ["a"]}, {"nvs": True}]
)
@pytest.mark.parametrize("alone", ["wipe", "listing"])
def test_who_names_a_setting_does_not_mean_all(alone, rest):
    with pytest.raises(ToolError, match="stand alone") as info:
        Options(**{alone: True}, **rest)
    assert info.value.code == 2


def test_a_board_that_prints_in_between_shows_no_secret():
    with pytest.raises(ToolError, match="cannot be read") as info:
        read_answer("b'hunter2\nnoise'")
    assert "hunter2" not in str(info.value)
    assert info.value.__suppress_context__


def test_nothing_to_write_is_said(answers, tmp_path: Path):
    with pytest.raises(ToolError, match="no value was given"):
        command._changes(Options(project=tmp_path))
    with pytest.raises(ToolError, match=r"cannot read .*none: No such file"):
        command._changes(Options(source=str(tmp_path / "none")))


@pytest.mark.parametrize("as_json", [False, True])
def test_a_name_that_is_nearly_one_of_ours_is_told(monkeypatch, capsys, tmp_path: Path, as_json):
    done = {"ok": True, "port": "p", "place": "secrets.toml", "removed": [], "not_there": []}
    done |= {"written": ["my_own_key", "wifi_pasword", "wifi_ssid"], "kept": ["losant_hots"]}
    monkeypatch.setattr(report, "provision", lambda _options: done)
    assert report.run(Options(project=tmp_path), yes=False, as_json=as_json) == 0
    said = capsys.readouterr().err
    assert said == "nothing asks for the setting wifi_pasword: did you mean wifi_password?\n"
