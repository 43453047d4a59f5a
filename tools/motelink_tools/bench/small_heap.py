"""The smallest heap in which a program does its work."""

from collections.abc import Callable

from motelink_tools.bench.lab import Lab
from motelink_tools.errors import ToolError

SURE = 3  # times in a row that it has to work

Attempt = Callable[[str], object]


def find(lab: Lab, attempt: Attempt, *, too_small: int, enough: int) -> int:
    """KiB. ``attempt`` runs the program with a heap such as "12k" and raises ToolError
    ``program_failed`` when it does not work; between the two sizes the search begins. Raises
    ToolError where it finds none."""
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        if _works(lab, attempt, middle):
            enough = middle
        else:
            too_small = middle
    for size in range(enough, 2 * enough):
        if all(_works(lab, attempt, size) for _ in range(SURE)):
            return size
    raise ToolError(f"works neither in {enough} KiB nor in twice as much", kind="program_failed")


def _works(lab: Lab, attempt: Attempt, kib: int) -> bool:
    lab.say(f"smallest heap: trying {kib} KiB")
    try:
        attempt(f"{kib}k")
    except ToolError as error:
        if error.kind != "program_failed":
            raise
        return False
    return True
