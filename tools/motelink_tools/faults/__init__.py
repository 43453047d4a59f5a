"""What networks do to TCP connections, done on purpose: a proxy for tests, on 127.0.0.1.

with Proxy(1883) as proxy:          # connect the device to proxy.port
    proxy.down.piece = 1            # one byte at a time to the client
    proxy.up.delay_s = 0.2          # slow on the way to the server
    proxy.inflict(Fault.BLACK_HOLE)  # every open connection, now
"""

from motelink_tools.faults.connection import Cut, Direction, Fault, Way
from motelink_tools.faults.proxy import Proxy

__all__ = ["Cut", "Direction", "Fault", "Proxy", "Way"]
