"""docs/field.md: each row has a test that exists, or a limit; and what is shown here."""

import ast
import re
import socket

import pytest

from motelink import port
from motelink_tools import paths
from motelink_tools.board.faults import FAULTS

ROOT = paths.board_root()
PAGE = (ROOT / "docs" / "field.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "what goes wrong" not in line and "| fault | what" not in line
]


def named_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / "host_tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=[row[0][:40] for row in ROWS])
def test_each_row_is_shown_or_a_limit(row: list[str]) -> None:
    assert len(row) == 3
    shown = re.findall(r"`([a-z_]+/[a-z_]+\.py)::(test_[a-z0-9_]+)`", row[2])
    assert shown or "**limit**" in row[1]
    assert row[2].count("::") == len(shown)
    for path, name in shown:
        assert name in named_in(path), f"{path} has no {name}"


def test_all_faults_are_there() -> None:
    for kind in FAULTS:
        assert any(row[0].startswith(f"`{kind.name}`") for row in ROWS), kind.name


def test_what_is_written_goes_out_at_once() -> None:
    """Without TCP_NODELAY a second small packet waits for the acknowledgement of the first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = port.tcp_open(port.resolve("127.0.0.1", server.getsockname()[1]))
        connected, _ = server.accept()
        with connected:
            assert stream.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        stream.close()
