"""The SEPL platform: gateways, their devices, commands to them, and the events they send."""

from motelink_tools.hub.sepl.server import Sepl

__all__ = ["Sepl"]
