"""``motelink run``: a project on a virtual board of its own, see docs/projects.md."""

from motelink_tools.run.command import Options, run

__all__ = ["Options", "run"]
