"""A node in the folder given, whose settings name one platform. Prints "connected" once that has
it, "refused" or "ended" with the error that only a person can mend."""

import os
import sys

from motelink.backoff import Backoff
from motelink.errors import ConfigError
from motelink.node import Node

os.chdir(sys.argv[1])
node = Node(name="kettle")
node.sensor("celsius").set(21)
try:
    node.start()
except ConfigError as error:
    print("refused", error)
    sys.exit()
platform = node.platforms[0]
client = platform.client
client.backoff = Backoff(50, 50)
while not (platform.connector.ready if platform.name == "sepl" else client.connected):
    node.step(20)
    if not node.alive():
        print("ended", node.loop.error)
        sys.exit()
print("connected")
while True:
    node.step(1000)
