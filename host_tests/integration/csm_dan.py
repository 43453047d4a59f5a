"""A device on iottalk-py's ``dan``: URL and id as arguments, commands as JSON on stdin."""

import json
import sys

from iottalkpy.dan import Client


def say(**what):
    # In one piece: several threads say something.
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def on_signal(command, features):
    say(signal=command, features=features)
    return True


def on_data(feature, data):
    say(feature=feature, data=data)
    return True


client = Client()
context = client.register(
    sys.argv[1],
    on_signal,
    on_data,
    id_=sys.argv[2],
    idf_list=[["meow", ["dB"]]],
    odf_list=[["meow", ["dB"]]],
    profile={"model": "Cat"},
    on_connect=lambda _: say(event="connected"),
    on_disconnect=lambda _: say(event="disconnected"),
)
say(event="registered", name=context.name)
for line in sys.stdin:
    command = json.loads(line)
    if "push" in command:
        say(pushed=client.push("meow", command["push"], block=True))
    else:
        client.deregister()
        say(event="deregistered")
        break
