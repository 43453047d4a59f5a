"""The IoT Commute server: relays between a device and its clients, and keeps the last states."""

from motelink_tools.hub.commute.server import Commute

__all__ = ["Commute"]
