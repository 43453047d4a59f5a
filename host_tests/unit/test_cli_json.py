"""Every command prints JSON where it prints data, and its help shows how it is called."""

import argparse
import json
from collections.abc import Iterator

import pytest

from motelink_tools import cli
from motelink_tools.cli import iotctl
from motelink_tools.hub.app.verbs import examples_of
from motelink_tools.progress import size

WITHOUT_JSON = {
    "motelink completion": "prints a script, for a shell",
    "motelink iotctl shell": "is Python at a prompt",
    "motelink iottalk run": "prints what the SA prints, and its log",
}


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Those that can be run: what has no sub-commands, or can do without them."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not any(group.required for group in groups):
        yield parser
    for group in groups:
        for child in dict.fromkeys(group.choices.values()):
            yield from commands(child)


ALL = {command.prog: command for command in commands(cli.build_parser())}
# Without a command it prints its help.
del ALL["motelink iotctl"]


def test_the_tree_was_walked() -> None:
    assert {"motelink flash", "motelink board", "motelink board fault"} <= ALL.keys()
    assert {"motelink losant states", "motelink iotctl status"} <= ALL.keys()
    assert set(WITHOUT_JSON) <= ALL.keys()


@pytest.mark.parametrize("name", sorted(ALL))
def test_json_is_an_option_of(name: str) -> None:
    has = any("--json" in action.option_strings for action in ALL[name]._actions)
    assert has != (name in WITHOUT_JSON), WITHOUT_JSON.get(name, f"{name} has no --json")


@pytest.mark.parametrize("name", sorted(ALL))
def test_an_example_is_in_the_help_of(name: str) -> None:
    called = name.removeprefix("motelink ") if " iotctl " in name else name
    text = ALL[name].format_help()
    assert "examples:" in text
    examples = text.partition("examples:")[2]
    words = called.split()
    assert any(
        line.split()[: len(words)] == words
        or {words[0], words[-1]} <= set(line.split())  # options may be between
        for line in examples.splitlines()
    ), text


def test_examples_of_a_sub_command() -> None:
    examples = """\
examples:
  tool add a            said beside it
  tool add b
                        said below it
  tool address b
Said of all.
"""
    assert examples_of("add", examples).splitlines() == [
        "examples:",
        "  tool add a            said beside it",
        "  tool add b",
        "                        said below it",
    ]


def test_the_list_of_benchmarks_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--list", "--json"]) == 0
    found = {item["name"]: item for item in json.loads(capsys.readouterr().out)}
    assert found["manager.heap"]["quick_seconds"] > 0


def test_an_error_of_bench_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--only", "none-such", "--json"]) != 0
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_iotctl_says_objects(capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    file = tmp_path / "iottalk.ini"
    assert iotctl.main(["genconf", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "file": str(file)}
    assert iotctl.main(["-c", str(file), "initdb", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert iotctl.main(["-c", str(file), "stop", "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == {"ok": False, "url": None}


def test_the_size_of_a_folder_that_fills(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_bytes(bytes(1000))
    (tmp_path / "b").write_bytes(bytes(24))
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert size(tmp_path) == 1024
    assert size(tmp_path / "nowhere") == 0
