"""A device on the platform's own client, losant-mqtt: ``losant_peer.py PORT < credentials``.

Credentials: ``{"id", "key", "secret"}`` as JSON on stdin. Sends a state, prints the commands that
come as JSON, a line each, and ends after the first, or with status 1 when it is refused.
"""

import json
import sys
import time

from losantmqtt import Device
from paho.mqtt import client as paho

PORT = int(sys.argv[1])
DEADLINE_S = 60

# The port is fixed inside losant-mqtt; the host is an attribute.
connect = paho.Client.connect
paho.Client.connect = lambda self, host, _port, keepalive: connect(self, host, PORT, keepalive)
Device.mqtt_endpoint = "127.0.0.1"


def main():
    credentials = json.load(sys.stdin)
    device = Device(credentials["id"], credentials["key"], credentials["secret"], secure=False)
    events = []

    def on_connect(device):
        device.send_state({"temperature": 21.5, "on": True})

    def on_command(_device, command):
        command["time"] = command["time"].isoformat()
        print(json.dumps(command), flush=True)
        events.append(command)

    device.add_event_observer("connect", on_connect)
    device.add_event_observer("command", on_command)
    device.connect(blocking=False)
    end = time.monotonic() + DEADLINE_S
    while not events and time.monotonic() < end:
        device.loop(0.1)
    device.close()


try:
    main()
except Exception as error:
    sys.exit(str(error))
