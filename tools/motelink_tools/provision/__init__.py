"""Writes settings and secrets to a board, and shows none. See docs/provision.md."""

from motelink_tools.provision.command import Options, provision
from motelink_tools.provision.secrets import Value, merge
from motelink_tools.provision.store import Store

__all__ = ["Options", "Store", "Value", "merge", "provision"]
