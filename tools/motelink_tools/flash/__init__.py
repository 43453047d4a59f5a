"""Puts files on a board: only what differs, verified, and so that pulling the cable does no harm.

The whole of it is ``flash(Options(...))``. Its steps, for tools that hold a connection already::

    with connect(find_port()) as link:
        remote = Remote(link)
        todo = plan(build(standard("esp32", Path()), remote.about), remote)
        summary = apply(todo, remote, progress=lambda name, sent, total: ...)
"""

from motelink_tools.flash.applying import Progress, Summary, apply
from motelink_tools.flash.planning import File, Plan, build, plan
from motelink_tools.flash.project import standard
from motelink_tools.flash.remote import About, Remote
from motelink_tools.flash.session import Options, Result, flash
from motelink_tools.flash.sources import Source, from_arguments

__all__ = [
    "About",
    "File",
    "Options",
    "Plan",
    "Progress",
    "Remote",
    "Result",
    "Source",
    "Summary",
    "apply",
    "build",
    "flash",
    "from_arguments",
    "plan",
    "standard",
]
