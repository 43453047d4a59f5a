"""``motelink new``: a project folder to begin with, see docs/projects.md."""

from motelink_tools.new.making import Project, make

__all__ = ["Project", "make"]
