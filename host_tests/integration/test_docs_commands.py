"""Every block of README.md and docs is one that a test runs or reads, or says why not. Commands
are read by the real command lines; programs are run by test_docs_programs."""

import argparse
import configparser
import json
import re
import shlex
import subprocess
import tomllib

import pytest

from motelink_tools.cli import build_parser

from .docs_blocks import PAGES, ROOT, Block, all_blocks

NOT_RUN = 5
"""At most so many blocks may be marked as not run."""
LANGUAGES = {"", "sh", "python", "toml", "json", "ini", "text"}
# Commands of others, which are only looked at by the shell.
OTHERS = {"cat", "cd", "cp", "curl", "git", "mpremote", "mosquitto_pub", "pip", "printf", "pytest"}
DESCRIPTION = re.compile(r"\s{2,}.*$")
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
BLOCKS = all_blocks()


@pytest.fixture(scope="module")
def parser() -> argparse.ArgumentParser:
    return build_parser()


def chosen(*languages: str) -> list[object]:
    return [
        pytest.param(block, id=str(block))
        for block in BLOCKS
        if block.language in languages and not (block.mark and block.mark[0] == "not run")
    ]


def commands(text: str) -> list[list[str]]:
    """The words of each command: without its description, behind two spaces or a #."""
    joined = re.sub(r"\\\n\s*", " ", text)
    lines = re.sub(r"<<(\w+)\n.*?\n\1\n", "\n", joined, flags=re.DOTALL).splitlines()
    found = [shlex.split(DESCRIPTION.sub("", line.strip()), comments=True) for line in lines]
    return [words for words in found if words]


@pytest.mark.parametrize("block", chosen("", "sh"))
def test_commands_are_understood(
    block: Block, parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    if block.language == "sh":
        subprocess.run(["bash", "-n"], input=block.text, text=True, check=True, timeout=20)
    for words in commands(block.text):
        if words[0] in ("motelink", "iotctl"):
            try:
                parser.parse_args(words[words[0] == "motelink" :])
            except SystemExit:
                pytest.fail(f"{words}: {capsys.readouterr().err}")
        elif words[0] == "make":
            assert words[1] in TARGETS, words
        elif block.language == "":
            name = next(word for word in words if "=" not in word)
            assert name in OTHERS | {"make"}, f"{words}: no command; mark the block as text"


@pytest.mark.parametrize("block", chosen("toml", "json", "ini"))
def test_settings_are_read(block: Block) -> None:
    if block.language == "toml":
        assert tomllib.loads(block.text)
    elif block.language == "json":
        assert json.loads(block.text)
    else:
        reader = configparser.ConfigParser()
        reader.read_string(block.text)
        assert reader.sections()


def test_each_block_has_a_language_that_is_checked() -> None:
    for block in BLOCKS:
        assert block.language in LANGUAGES, f"{block}: {block.language}"


def test_few_blocks_are_not_run() -> None:
    marked = [block for block in BLOCKS if block.mark and block.mark[0] == "not run"]
    assert len(marked) <= NOT_RUN, "\n".join(f"{block}: {block.mark}" for block in marked)


def test_pages_begin_with_one_heading() -> None:
    for page in PAGES:
        assert page.read_text(encoding="utf-8").startswith("# "), page
