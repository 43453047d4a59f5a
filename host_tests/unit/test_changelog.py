"""CHANGELOG.md keeps its form, and knows the version that this is."""

import itertools
import re

from motelink import __version__
from motelink_tools import paths

LINES = (paths.board_root() / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
HEADING = re.compile(r"## (Unreleased|\[?\d+\.\d+\.\d+\]? - \d{4}-\d\d-\d\d)$")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_versions_are_headings() -> None:
    headings = [line for line in LINES if line.startswith("## ")]
    assert headings
    for heading in headings:
        assert HEADING.match(heading), heading
    dates = [heading.rpartition(" - ")[2] for heading in headings if " - " in heading]
    assert dates == sorted(dates, reverse=True)


def test_this_version_is_in_it() -> None:
    named = [re.sub(r"[\[\]#]", "", line).split()[0] for line in LINES if line.startswith("## ")]
    assert __version__ in named, f"CHANGELOG.md says nothing of {__version__}"


def test_kinds_of_changes_are_the_formats() -> None:
    for line in LINES:
        if line.startswith("### "):
            assert line.removeprefix("### ") in KINDS


def test_each_kind_lists_something() -> None:
    for kind, after in itertools.pairwise(LINES):
        if kind.startswith("### "):
            assert after.startswith("- "), f"{kind} is followed by {after!r}"
