"""The symbolic link to a virtual board's port: which one it may replace."""

from pathlib import Path

import pytest

from motelink_tools.board import VirtualBoard
from motelink_tools.errors import ToolError


def test_the_link_of_a_board_that_was_killed_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/pts/987654")
    with VirtualBoard(tmp_path / "flash", link=link) as board:
        assert str(link.readlink()) == board.port


@pytest.mark.parametrize("target", ["precious", "gone", "/dev/null", "/dev/pts"])
def test_a_link_of_the_user_s_own_is_left_alone(tmp_path: Path, target: str) -> None:
    (tmp_path / "precious").touch()
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(ToolError, match=r"cannot make the link .*: File exists"):
        VirtualBoard(tmp_path / "flash", link=link).start()
    assert str(link.readlink()) == target
