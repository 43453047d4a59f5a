# mypy: ignore-errors
"""An IoT Commute device or client, as its documentation writes one: ``MODE ROOT KEY``.

What happens is printed, a line each. Modes:

- "device": puts LED 0 and asks for it, then answers each tick with its value, as sensor echo;
  99 closes;
- "client": puts values as a client, asks for a state;
- "locked": sends 200 states and receives 200 frames with the heap locked.
"""

import sys

from motelink.commute import WebSocket
from motelink.commute_errors import IotCommuteException
from motelink.commute_put import Put

mode, root, key = sys.argv[1:]
WebSocket.RECONNECT_INTERVAL = 0.02
WebSocket.RECONNECT_TRIES = 200
ws = WebSocket("lamp", key, "client" if mode == "client" else "device", root=root)
ws.on_error = lambda error, ws: print("error", type(error).__name__)
ws.on_close = lambda ws: print("close")
ws.on_reconnect = lambda ws: print("reconnect")


def device():
    echo = Put(ws, "echo")

    def connected(ws):
        print("connect", ws.send_message("LED", 0))
        print("state", ws.get_state("LED"))

    def ticked(tick, ws):
        print("tick", tick["sensor"], tick["value"])
        if tick["value"] == 99:
            ws.close()
        elif tick["value"]:
            echo.send(tick["value"])

    ws.on_connect = connected
    ws.on_tick = ticked
    ws.on_message = lambda text, ws: print("message", len(text))
    ws.connect()


def client():
    ws.open()
    while not ws.is_connected():
        ws.client.step(50)
    print("put", ws.send_message("LED", {"deep": [1, None]}), ws.send_payload("any"))
    print("state", ws.get_state("LED")["value"]["deep"][0])
    print("none", ws.get_state("nobody")["value"])
    try:
        ws.send_payload({1, 2})
    except IotCommuteException as error:
        print("payload", error.code)
    ws.close()


def locked():
    import gc

    from motelink.port import heap_lock, heap_unlock

    count = [0]
    frame = bytearray(b'{"method":"get","sensor":"n"}')
    numbers = Put(ws, "n")
    c = ws.open()

    def heard(message):
        count[0] += len(message)

    c.on_message = heard
    while not ws.is_connected():
        c.step(50)
    numbers.send(-12345)
    ws.send_text(frame)
    while not count[0]:
        c.step(50)
    gc.collect()
    heap_lock()
    try:
        for i in range(200):
            numbers.send(i)
            ws.send_text(frame)
            c.step(100)
    finally:
        heap_unlock()
    print("sent", c.handler_errors)
    print("received", count[0] > 200 * 20)
    ws.close()


try:
    {"device": device, "client": client, "locked": locked}[mode]()
    print("done")
except OSError as error:
    print("failed", type(error).__name__, error)
