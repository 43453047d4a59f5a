"""Programs of umqtt.simple on `motelink.mqtt_simple`, against real mosquitto."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collector import interpreters
from motelink.mqtt_simple import MQTTClient, MQTTException
from motelink_tools import paths
from motelink_tools.hub.broker import Broker

DEVICE = Path(__file__).with_name("mqtt_simple_device.py")


@pytest.mark.parametrize("runtime", ["cpython", *interpreters()])
def test_a_program_runs_with_its_import_changed(runtime: str) -> None:
    command = [sys.executable]
    if runtime != "cpython":
        interpreter = interpreters()[runtime]
        if isinstance(interpreter, Exception):
            pytest.fail(str(interpreter))
        command = interpreter.command(heap="128k")
    with Broker() as broker:
        done = subprocess.run(
            [*command, str(DEVICE), str(broker.port)],
            env={**os.environ, "MICROPYPATH": f".frozen:{paths.library()}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert "done 1" in done.stdout


def test_wrong_credentials_are_an_error_with_a_code() -> None:
    with Broker(users={"kettle": "right"}) as broker:
        client = MQTTClient("k", "127.0.0.1", broker.port, "kettle", "wrong")
        with pytest.raises(MQTTException) as raised:
            client.connect()
        assert raised.value.args == (5,)
        again = MQTTClient("k", "127.0.0.1", broker.port, "kettle", "right")
        assert not again.connect()
        again.disconnect()
