"""What commands that ask a hub have in common: JSON from a command line, text for a terminal."""

import pytest

from motelink_tools.errors import ToolError
from motelink_tools.hub.app import console, losant_commands
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
