# mypy: ignore-errors
"""What a small manager's node does: ``PORT``. Answers heartbeats, and messages until "!"."""

import sys

from motelink.manager import Client

done = False


def on_message(message):
    global done
    done = message == b"!"
    client.send(b"thanks")


client = Client(
    "127.0.0.1",
    "1862cfe1-5dab-4d8e-a946-50d6728f830f",
    "bench",
    {"firmware": "1.0.0"},
    port=int(sys.argv[1]),
)
client.on_message = on_message
while not done:
    client.step(5000)
    if client.errors or client.handler_errors:
        sys.exit(1)
