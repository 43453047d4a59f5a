"""Tables that the hub's commands print."""

import pytest

from motelink_tools.hub.app import tables


def test_texts_are_shown_as_they_are_and_in_a_pipe_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    texts = ("[/x]", "[red]a", "b" * 100, "\x1b[2J")
    tables.show(("p", "q", "r", "s"), [[texts], [("1", "2", "3", "4")]], title="[/folder]")
    output = capsys.readouterr().out
    assert "[/folder]" in output
    assert [cell.strip() for cell in output.splitlines()[4].split("│")[1:-1]] == [
        *texts[:3],
        "\\x1b[2J",
    ]
