"""Shows what a board prints: its log, and tracebacks with their source lines. docs/monitor.md."""

from motelink_tools.monitor.lines import Line, Reader
from motelink_tools.monitor.source import Frame, Sources

__all__ = ["Frame", "Line", "Reader", "Sources"]
