# mypy: ignore-errors
"""One operation of our WebSocket client, many times: ``OPERATION MODE PORT COUNT``; see
`meter`."""

import sys

import meter

from motelink.websocket import Client

_, name, mode, port, count = sys.argv
TEXT = b'{"celsius": 21.5, "humidity": 48, "where": "kitchen/fridge"}'
due = 0


def send_text(count):
    for _ in range(count):
        while not client.send_text(TEXT):
            client.step(1000)
    while client.tx.end:
        client.step(1000)


def receive_text(count):
    global due
    due += count
    while client.messages < due:
        client.step(1000)


receive_text_alone = receive_text
send_text_native = send_text


def ping(count):
    for _ in range(count):
        client.ping()
        while not client.heard:
            client.step(1000)
        client.heard = False


class Bench(Client):
    heard = False

    def ponged(self):
        self.heard = True


def handle(_message):
    # The other end sends the next message when this has come.
    client.sock.write(b"k", 0, 1)


if name == "send_text_native":
    from motelink.websocket_mask import native

    if not native:
        raise OSError("this firmware compiles no native code")
client = (Bench if name == "ping" else Client)("ws://127.0.0.1:" + port, keepalive=0)
if name.startswith("receive_text"):
    client.on_message = handle
while not client.connected:
    client.step(1000)
meter.run(globals()[name], mode, int(count))
