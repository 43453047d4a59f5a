# mypy: ignore-errors
"""What our MQTT client allocates in so many seconds of nothing but pings: ``PORT SECONDS``."""

import gc
import sys

from motelink.mqtt import Client

client = Client("127.0.0.1", "bench", port=int(sys.argv[1]), keepalive=1)
while not client.connected:
    client.step(1000)
client.loop.run_for(10)
gc.collect()
gc.disable()
allocated = gc.mem_alloc()
client.loop.run_for(int(sys.argv[2]) * 1000)
allocated = gc.mem_alloc() - allocated
if client.errors:
    raise client.last_error
print("allocated", allocated)
