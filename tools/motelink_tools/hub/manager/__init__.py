"""The Manager of iot-manager's getinfo / heartbeat protocol, as its documentation has it."""

from motelink_tools.hub.manager.client import Client
from motelink_tools.hub.manager.face import Manager
from motelink_tools.hub.manager.info import Data
from motelink_tools.hub.manager.server import AsyncManager

__all__ = ["AsyncManager", "Client", "Data", "Manager"]
