"""Completion of the command line in shells, made from its parsers by shtab."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import shtab

_FILES = frozenset({"FILE", "PATH", "SA"})
_FOLDERS = frozenset({"DIR"})


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """What the shell is to read. ``shell``: "bash", "zsh" or "fish"."""
    for action in actions(parser):
        wanted = _wanted(action)
        if wanted:
            action.complete = wanted  # type: ignore[attr-defined] # how shtab wants to be told
    text: str = shtab.complete(parser, shell)
    return text


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument and option, those of the sub-commands too."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for child in dict.fromkeys(action.choices.values()):
                yield from actions(child)


def _wanted(action: argparse.Action) -> Any:
    """What completes its value: files, folders, or nothing that the shell has."""
    if action.metavar in _FOLDERS or action.dest == "dir":
        return shtab.DIRECTORY
    if action.metavar in _FILES or action.type is Path or action.dest in ("port", "link"):
        return shtab.FILE  # of ports: /dev/ttyACM0
    return None
