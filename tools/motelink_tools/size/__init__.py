"""``motelink size``: what each module, and a project, takes of a board's flash and heap."""

from motelink_tools.size.measurement import Part, Sizes, measure

__all__ = ["Part", "Sizes", "measure"]
