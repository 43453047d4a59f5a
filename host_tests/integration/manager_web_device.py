"""A device of the Manager, on any runtime: prints what it is told, until that is "enough"."""

import sys

from motelink.manager import Client

port, uuid, room = int(sys.argv[1]), sys.argv[2], sys.argv[3]
client = Client("127.0.0.1", uuid, "lamp", {"room": room}, port=port)
ended = []


def on_message(message):
    text = message.text()
    print("told " + text)
    if text == "enough":
        ended.append(1)


client.on_message = on_message
client.on_connect = lambda: print("connected")
while not ended:
    client.step(1000)
