"""Apps and settings for the tests of the firmware."""

# A platform that is never there: nothing listens on this port.
PLATFORM = 'manager_host = "127.0.0.1"\nmanager_port = 9\nmanager_type = "kettle"\n'
NODE = """\
from motelink.node import Node


def run():
    global node
    node = Node()
    node.run()
"""
