# mypy: ignore-errors
"""A client of `motelink.websocket` whose server echoes: ``URL [CA [PROXY]]``. Messages of many
sizes go out, and must come back; then it says goodbye. What happens is printed, a line each."""

import sys

from motelink import port
from motelink.websocket import Client

options = {"headers": {"Authorization": "secret"}, "protocols": ("echo",)}
if len(sys.argv) > 2 and sys.argv[2]:
    options["tls"] = port.tls_context(sys.argv[2])
if len(sys.argv) > 3:
    options["proxy"] = sys.argv[3]
end = port.ticks_add(port.ticks_ms(), 20000)
client = Client(sys.argv[1], rx_size=2000, tx_size=2000, keepalive=1, **options)
echoed = []
client.on_message = lambda message: echoed.append((message.binary, message.bytes()))
client.on_end = lambda error: print("end", error)


def until(condition):
    while not condition():
        assert port.ticks_diff(end, port.ticks_ms()) > 0, client.last_error
        client.step(20)


until(lambda: client.connected)
print("connected", client.protocol, client.connects)
for n in (0, 1, 60, 64, 65, 125, 126, 127, 1000, 2000):
    text = ("ä" * n).encode()[:n] if not n & 1 else b"x" * n
    until(lambda: client.send_text(text))  # noqa: B023
    until(lambda: client.send_binary(bytes([n & 255]) * n))  # noqa: B023
    until(lambda: len(echoed) == 2)
    assert echoed == [(False, text), (True, bytes([n & 255]) * n)], n
    echoed.clear()
for i in range(5):
    until(lambda: client.send_text(b"part", i == 4))  # noqa: B023
until(lambda: echoed)
assert echoed == [(False, b"part" * 5)]
print("echoed", client.messages)
client.leave(1000, "done")
until(lambda: client.state == 4)
