"""A device with TLS, run on CPython or MicroPython by test_manager_tls.py: ``tls_device.py JSON``.

Prints lines of JSON: what the server's messages ask for, and at last how it ended.
"""

import json
import sys

from motelink import port
from motelink.backoff import Backoff
from motelink.errors import LinkError
from motelink.loop import Loop
from motelink.manager import Client
from motelink.port import heap_lock, heap_unlock

UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"


def say(**values):
    print(json.dumps(values))


class Device:
    def __init__(self, options):
        context = port.tls_context(
            _ca(options.get("ca")),
            options.get("verify", True),
            options.get("cert"),
            options.get("key"),
        )
        self.client = client = Client(
            options.get("host", "127.0.0.1"),
            UUID,
            "kettle",
            {"a": 1},
            options["port"],
            "length",
            context,
            tx_size=options.get("tx_size", 512),
            backoff=Backoff(1, 1, lambda bits: 0),
            connect_ms=options.get("connect_ms", 20000),
        )
        client.on_message = self.on_message
        self.lock = False

    def on_message(self, message):
        if message == b"flood":
            self.flood()
        elif message == b"lock":
            self.lock = True
        else:
            self.client.send(message.bytes())

    def flood(self):
        """Send until the server, which does not read, has filled every buffer between."""
        sent = 0
        while sent < 500000 and self.client.send(b"%08d" % sent + b"x" * 92):
            sent += 1
        say(flooded=sent)

    def run(self, errors):
        client = self.client
        loop = Loop()
        loop.add(client)
        end = port.ticks_add(port.ticks_ms(), 60000)
        steps = 0
        while (
            client.errors < errors and loop.clients and port.ticks_diff(end, port.ticks_ms()) > 0
        ):
            if self.lock and client.beats < 20:
                self.step_on_a_locked_heap(loop)
            else:
                loop.step(20)
            steps += 1
        return steps

    def step_on_a_locked_heap(self, loop):
        beats = self.client.beats
        heap_lock()
        try:
            while self.client.beats == beats and not self.client.errors:
                loop.step(20)
        finally:
            heap_unlock()


def _ca(source):
    if source and source.endswith("#bytes"):  # DER, as a program would have it
        with open(source[:-6], "rb") as file:
            return file.read()
    return source


def main(options):
    if "clock" in options:
        port.unix_time = lambda: options["clock"]
    try:
        device = Device(options)
    except ValueError as error:
        say(refused=str(error))
        return
    steps = device.run(options.get("errors", 1))
    client = device.client
    error = client.last_error
    say(
        error=type(error).__name__,
        text=str(error),
        is_link_error=isinstance(error, LinkError),
        connects=client.connects,
        beats=client.beats,
        messages=client.messages,
        steps=steps,
        ended=client.state == 4,
    )
    client.end()


main(json.loads(sys.argv[1]))
