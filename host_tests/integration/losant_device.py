# mypy: ignore-errors
"""A Losant device, as the platform's documentation writes one: ``CLIENT MODE DEVICE_ID SECRET
PORT [CA]``.

CLIENT is "motelink", on MicroPython and on CPython, or "losantmqtt", the platform's own, on
CPython. What happens is printed, a line each. Modes:

- "echo": answers each command with a state of its payload, at the command's time; "stop" closes;
- "states": sends some states;
- "locked": sends 500 states while the platform sends commands, with the heap locked.
"""

import json
import sys

client, mode, device_id, secret, number = sys.argv[1:6]
number = int(number)
if client == "motelink":
    from motelink.backoff import Backoff
    from motelink.losant import Device

    options = {"secure": False, "host": "127.0.0.1"}
    if len(sys.argv) > 6:
        options = {"host": "localhost"}
        if sys.argv[6] != "nothing":
            options["ca"] = sys.argv[6]
    device = Device(
        device_id, "my-access-key", secret, port=number, backoff=Backoff(20, 100), **options
    )
else:
    from losantmqtt import Device
    from paho.mqtt.client import Client

    connect = Client.connect
    Client.connect = lambda self, host, _port, keepalive: connect(self, host, number, keepalive)
    Device.mqtt_endpoint = "127.0.0.1"
    device = Device(device_id, "my-access-key", secret, secure=False)


def plain(value):
    """JSON's types, and times as milliseconds since 1970 and a rest."""
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in value}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "timestamp"):
        from datetime import UTC, datetime, timedelta

        return (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return value


def on_command(device, command):
    print("command", json.dumps(plain(command)))
    if command["name"] == "stop":
        device.close()
    else:
        device.send_state({"echo": plain(command["payload"])}, command.get("time"))


def send_states(device):
    import datetime
    import time

    hour = datetime.timezone(datetime.timedelta(hours=-7))
    for state, time_like in (
        ({"celsius": 21.5, "door": True, "count": -3, "nothing": None}, 1478288526710),
        ({"text": 'quote " backslash \\ line \n tea 茶', "list": [1, [2.25, {"x": "y"}]]}, 1),
        ({}, datetime.datetime(2016, 11, 4, 19, 42, 6, 710999)),
        ({"a": 1}, datetime.datetime(2016, 11, 4, 19, 42, 6, 710000, tzinfo=hour)),
        ({"a": 1}, datetime.datetime(2000, 2, 29, 23, 59, 59, tzinfo=datetime.UTC)),
        ({"a": 1}, time.localtime(1478288526)),
        ({"a": 1}, time.gmtime(1467288526)),
    ):
        device.send_state(state, time_like)
    device.send_state({"now": True})


def locked():
    import gc

    from motelink.losant_state import StateWriter
    from motelink.port import heap_lock, heap_unlock

    commands = sent = 0

    def on_message(message):
        nonlocal commands
        commands += 1

    device.on_message = on_message
    writer = StateWriter(device, "sent", "door", ("volts", 3))
    while not commands:  # before the first one the subscription is answered, which allocates
        device.loop()
    gc.collect()
    heap_lock()
    while sent < 500 or commands < 100:
        writer[0] = sent
        writer[1] = sent & 1 == 0
        writer[2] = 3000 + sent
        if sent < 500 and writer.send():
            sent += 1
            device.loop(0)
        else:
            device.loop(1)
    heap_unlock()
    print("locked", sent, device.client.connects, device.client.handler_errors)
    while True:  # until killed: to end with commands unread would reset the connection
        device.loop()


for event in ("connect", "reconnect", "close"):
    device.add_event_observer(event, lambda device, event=event: print(event))
if mode == "locked":
    device.connect(blocking=False)
    while not device.is_connected():
        device.loop()
    locked()
else:
    if mode == "echo":
        device.add_event_observer("command", on_command)
    else:
        device.add_event_observer("connect", send_states)
    try:
        device.connect()
    except OSError as error:
        print("raised", type(error).__name__, error)
