"""What commands that ask a hub have in common: JSON from a command line, text for a terminal."""

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import commute_commands, console, losant_commands, sepl_commands
from motelink_tools.hub.app.verbs import parsed, printable
from motelink_tools.hub.losant.records import FILE_NAME, MIGRATIONS, Records
from motelink_tools.hub.registry import Registry
from motelink_tools.hub.store import Database


@pytest.mark.parametrize("text", ["{", "1e999", '"\\ud800"', '"\udcff"', "[" * 100_000])
def test_json_that_nobody_could_be_sent(text):
    with pytest.raises(ToolError, match="is no JSON"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("21.5 °C  été \\ 'x'", "21.5 °C  été \\ 'x'"),
        ("\x1b[31mred\nnext\x00\x9b", "\\x1b[31mred\\nnext\\x00\\x9b"),
    ],
)
def test_what_a_terminal_is_shown(text, shown):
    assert printable(text) == shown


def test_a_device_does_not_steer_the_terminal(tmp_path, capsys):
    with Database(tmp_path / FILE_NAME, MIGRATIONS) as database:
        records = Records(database)
        device, _ = records.add("lamp", {})
        records.store(device.id, 0, 0, {"\x1b[2J\nfake": "\x1b[2J"})
    losant_commands.states(tmp_path, "lamp", None, None, None, as_csv=False, as_json=False)
    printed = capsys.readouterr().out
    assert printed == '1970-01-01T00:00:00.000Z  \\x1b[2J\\nfake "\\u001b[2J"\n'


def test_a_line_of_the_hub_is_one_line(capsys):
    registry = Registry()
    with registry.subscribe() as events:
        registry.connected("iottalk", "d1", kind="\x1b[2J\nfake")
        for event in events.drain():
            console._print_text(registry, event)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "\\x1b[2J\\nfake" in printed


def test_what_is_not_known_of_a_device_is_left_out(capsys):
    registry = Registry()
    with registry.subscribe() as events:
        registry.connected("commute", "lamp", address="127.0.0.1:9")
        registry.connected("iottalk", "fan", kind="Kettle")
        for event in events.drain():
            console._print_text(registry, event)
    commute, iottalk = capsys.readouterr().out.splitlines()
    assert commute.endswith("lamp  address 127.0.0.1:9")
    assert iottalk.endswith("fan  kind Kettle")


@pytest.mark.parametrize("commands", [commute_commands, sepl_commands])
def test_who_watches_is_told_before_anything_happens(commands, monkeypatch, tmp_path, capsys):
    class Hub:
        @staticmethod
        def follow(*_asked):
            assert capsys.readouterr().err == "watching; Ctrl-C ends it\n"
            return iter(())

    monkeypatch.setattr(commands.HubClient, "get", lambda _folder: Hub)
    commands.watch(tmp_path, as_json=True)
    assert capsys.readouterr().out == ""
