"""The documented Flask application runs with our Manager, and devices on real MicroPython."""

import html
import threading
import uuid
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server

from collector import interpreters
from motelink_tools.hub.manager import Manager

from .device_process import Device, Runtime, compile_library
from .manager_device import wait_for
from .manager_web_app import create

PROGRAM = Path(__file__).with_name("manager_web_device.py")
DEADLINE_S = 60
TEXT = 'grün & <b onclick="x">bold</b>'


@pytest.fixture
def manager():
    with Manager(["lamp"], connection_port=0) as manager:
        yield manager


@pytest.fixture
def url(manager):
    server = make_server("127.0.0.1", 0, create(manager), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def get(url):
    answer = requests.get(url, timeout=DEADLINE_S)
    assert answer.status_code == 200
    return html.unescape(answer.text)


def post(url, text):
    return requests.post(url, data={"text": text}, timeout=DEADLINE_S).status_code


def test_clients_are_listed_and_told_strings_alone_and_together(manager, url, tmp_path):
    library = compile_library(tmp_path)
    names = list(interpreters())
    ids = [str(uuid.uuid4()) for _ in names]
    assert "<tr>" not in get(url)
    devices = []
    try:
        for name, identity in zip(names, ids, strict=True):
            runtime = Runtime(name, library)
            devices.append(Device(runtime, PROGRAM, manager.port, identity, f"room <{name}>"))
        wait_for(lambda: len(manager.get_client_data()) == len(ids))
        for name in names:
            assert f"{{'room': 'room <{name}>'}}" in get(url)
        assert post(f"{url}/send/{ids[0]}", TEXT) == 200
        assert devices[0].wait_for("told") == TEXT
        assert post(f"{url}/send", "enough") == 200
        assert post(f"{url}/send/{uuid.uuid4()}", "nobody") == 404
        for device in devices:
            assert device.wait_for("told") == "enough", "the others were not told the first"
        wait_for(lambda: not manager.get_client_data())
        assert "<tr>" not in get(url)
    finally:
        for device in devices:
            device.__exit__(None, None, None)
