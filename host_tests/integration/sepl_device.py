# mypy: ignore-errors
"""A SEPL connector, as its documentation writes one: ``MODE DEVICES``, beside ``connector.conf``.

What happens is printed, a line each. Modes:

- "echo": answers each command with its own value; "stop" ends;
- "change": adds, updates, disconnects and deletes devices;
- "handler": the idiomatic face: commands come to a handler, requests do not wait.
"""

import sys

from motelink.backoff import Backoff
from motelink.sepl import Client, Device, DevicePool

mode, count = sys.argv[1:]
for i in range(int(count)):
    lamp = Device(f"lamp-{i}", "urn:lamp", f"Lampe {i}")
    lamp.addTag("room", "hall")
    DevicePool.add(lamp)


def value_of(message):
    return message.payload["protocol_parts"][0]["value"]


def echo():
    Client(DevicePool, backoff=Backoff(5, 20))
    print("early", Client.event("lamp-0", "celsius", 1, timeout=0).payload)
    print("ready", Client.ready(20))
    print("event", Client.event("lamp-0", "celsius", 21.5).status)
    print("unknown", Client.event("nobody", "celsius", 1).status)
    while True:
        message = Client.receive()
        value = value_of(message)
        answer = Client.response(message, value)
        print("responded", answer.status, Client.response(message, value).payload)
        if value == "stop":
            break
    Client.connector.end()


def change():
    Client(DevicePool, backoff=Backoff(5, 20))
    new = Device("new", "urn:x", "New")
    print("early", Client.add(new, timeout=0))
    print("ready", Client.ready(20))
    new.name = "Newer"
    print("updated", Client.update(new))
    print("added", Client.register(Device("another", "urn:x", "Another")))
    print("disconnected", Client.disconnect("another"))
    print("deleted", Client.delete(new))
    print("refused", Client.delete("nobody"))
    Client.receive(0.2)
    Client.connector.end()


def handler():
    from motelink.sepl_connector import Connector

    connector = Connector(DevicePool, backoff=Backoff(5, 20))

    def on_command(message):
        try:
            connector.event("lamp-0", "s", 1)
        except OSError as error:
            print("waiting", error)
        connector.event("lamp-0", "s", [1, 2], callback=seen, block=False)
        connector.response(message, value_of(message), callback=responded, block=False)

    def seen(answer):
        print("seen", answer.status)

    def responded(answer):
        print("responded", answer.status)
        connector.end()

    connector.on_ready = lambda: print("ready")
    connector.on_command = on_command
    connector.run()
    print("errors", connector.handler_errors)


try:
    {"echo": echo, "change": change, "handler": handler}[mode]()
    print("done")
except OSError as error:
    print("failed", type(error).__name__, error)
