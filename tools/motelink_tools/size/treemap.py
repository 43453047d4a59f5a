"""A squarified treemap (Bruls, Huizing, van Wijk 2000): areas in proportion, nearly square."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """A rectangle, its corner at ``x``, ``y``."""

    x: float
    y: float
    width: float
    height: float

    def inside(self, edge: float, top: float) -> "Box":
        """What is left behind an edge all around and a title of ``top``; never less than none."""
        return Box(
            self.x + edge,
            self.y + top,
            max(0.0, self.width - 2 * edge),
            max(0.0, self.height - edge - top),
        )


def squarify(values: Sequence[float], box: Box) -> list[Box]:
    """A box for each of ``values``, which are positive and descend; together they fill ``box``."""
    total = sum(values)
    area = box.width * box.height
    if not values or not total or not area:
        return [Box(box.x, box.y, 0.0, 0.0) for _ in values]
    areas = [value * area / total for value in values]
    boxes: list[Box] = []
    while areas:
        short = min(box.width, box.height)
        count = 1
        while count < len(areas) and _worst(areas[: count + 1], short) <= _worst(
            areas[:count], short
        ):
            count += 1
        row, areas = areas[:count], areas[count:]
        placed, box = _place(row, box)
        boxes += placed
    return boxes


def _worst(row: Sequence[float], side: float) -> float:
    """The ratio of the least square of a row that lies along ``side``."""
    total = sum(row)
    return max(side * side * max(row) / total**2, total**2 / (side * side * min(row)))


def _place(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """A row along the shorter side, and what is left."""
    total = sum(row)
    placed = []
    if box.width >= box.height:
        thick = total / box.height
        at = box.y
        for area in row:
            placed.append(Box(box.x, at, thick, area / thick))
            at += area / thick
        return placed, Box(box.x + thick, box.y, max(1e-9, box.width - thick), box.height)
    thick = total / box.width
    at = box.x
    for area in row:
        placed.append(Box(at, box.y, area / thick, thick))
        at += area / thick
    return placed, Box(box.x, box.y + thick, box.width, max(1e-9, box.height - thick))
