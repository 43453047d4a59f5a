"""``motelink doctor``: what is right and what is wrong with a board and its surroundings."""

from motelink_tools.doctor.examination import of_board, of_host
from motelink_tools.doctor.findings import Finding

__all__ = ["Finding", "of_board", "of_host"]
