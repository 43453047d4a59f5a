# mypy: ignore-errors
"""An IoTtalk device application that counts: ``URL MODE [CHECK_S ANSWER_MS [CA]]``.

Runs on MicroPython and on CPython. It pushes the numbers from 1 up, each when the one before has
come back through the server, or after a while. Modes: "locked" forbids to allocate while a
few go there and back, and then deregisters; "stay" says what happens, until it is killed.
"""

import gc
import sys

from motelink import port
from motelink.backoff import Backoff
from motelink.iottalk import Device
from motelink.iottalk_data import int_at
from motelink.port import heap_lock, heap_unlock

url, mode = sys.argv[1:3]
check, answer_ms = map(int, sys.argv[3:5] or (300, 3000))
COUNT = 30

device = Device(
    url,
    "Kettle",
    ["Celsius-I"],
    ["Heater-O"],
    id="3C1D9F0E7B524A0E9D570A4F3E6B2211",
    tls=port.tls_context(ca=sys.argv[5]) if len(sys.argv) > 5 else None,
    check=check,
    answer_ms=answer_ms,
    keepalive=5,
    backoff=Backoff(100, 400),
)
celsius, heater = device.idf[0], device.odf[0]
back = 0
told = True


def on_connect():
    global told
    told = False
    print("online", device.rev)


def on_signal(command, feature):
    print(command.lower(), feature.name)


def on_data(message):
    global back, told
    back = int_at(message)
    if not told:
        told = True
        print("back", back)


def talk(until):
    number = waited = 0
    while back < until and device.state != 4:
        if (back >= number or waited > 20) and celsius.push_int(back + 1):
            number = back + 1
            waited = 0
        device.step(20)
        waited += 1


device.on_connect = on_connect
device.on_signal = on_signal
heater.on_data = on_data
while not (celsius and heater):
    device.step(100)
print("linked 1")
if mode == "locked":
    talk(1)
    gc.collect()
    heap_lock()
    talk(COUNT)
    heap_unlock()
    device.deregister()
    while device.state != 4:
        device.step(100)
else:
    talk(1 << 29)
print("back", back)
print("connects", device.connects)
print("errors", device.handler_errors)
print("last", device.last_error)
