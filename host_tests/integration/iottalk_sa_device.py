# mypy: ignore-errors
"""iottalk-py's example of an SA, but for its imports, what it prints, and its server: ``URL``."""

import random
import sys

from motelink import iottalk_sa
from motelink.iottalk_dan import NoData

api_url = sys.argv[1]
device_name = "Dummy_Test"
device_addr = "C860008BD249"
device_model = "Dummy_Device"
idf_list = ["DummySensor-I", "Quiet-I"]
odf_list = ["DummyControl-O"]
push_interval = 10
interval = {
    "DummySensor-I": 0.1,
}
pushed = set()


def on_register(dan):
    print("register successfully")


def DummySensor_I():
    number = random.randint(0, 100)
    pushed.add(number)
    return number


def Quiet_I():
    return NoData


def DummyControl_O(data: list):
    print("known", data[0] in pushed)
    if len(pushed) > 5:
        dan.deregister()


def on_connect(client):
    global dan
    dan = client


def on_deregister():
    print("gone", len(pushed))


iottalk_sa.run(globals())
