"""``motelink hub``, ``motelink sepl`` and ``motelink commute``, as a person uses them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from websockets.asyncio.client import connect

from motelink.sepl_device import Device

DEADLINE_S = 60


class Hub:
    def __init__(self, folder):
        self.folder = folder / "hub"
        configuration = folder / "hub.toml"
        configuration.write_text("[sepl]\nport = 0\n[commute]\nport = 0\n")
        self.process = subprocess.Popen(
            [
                *self._motelink("hub", "--only", "sepl,commute", "--json"),
                *("--config", str(configuration), "--folder", str(self.folder)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        serving = json.loads(self.process.stdout.readline())
        self.sepl = serving["addresses"]["sepl"]["websocket"]
        self.commute = serving["addresses"]["commute"]["websocket root"]

    def _motelink(self, *arguments):
        return [sys.executable, "-m", "motelink_tools", *arguments]

    def say(self, *arguments, status=0):
        done = subprocess.run(
            [*self._motelink(*arguments), "--folder", str(self.folder)],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout if not status else done.stderr

    def ask(self, *arguments):
        return json.loads(self.say(*arguments, "--json"))

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE_S) == 0
        self.process.stdout.close()


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("hub"))
    yield hub
    hub.close()


class Peer:
    """A WebSocket client in a thread: ``talk(connection)`` is a coroutine."""

    def __init__(self, address, talk):
        self._ready = threading.Event()
        self._address = address
        self._talk = talk
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self):
        async with asyncio.timeout(DEADLINE_S), connect(self._address) as connection:
            await self._talk(connection, self._ready.set)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(DEADLINE_S)
        return self

    def __exit__(self, *_):
        self._thread.join()


def test_sepl(hub):
    password = hub.ask("sepl", "add-user", "me")["password"]

    async def gateway(connection, ready):
        async def send(**fields):
            message = {"status": 200, "content_type": "application/json", **fields}
            await connection.send(json.dumps(message))
            return json.loads(await connection.recv())

        hello = {"user": "me", "pw": password, "gid": "", "token": "credentials"}
        await connection.send(json.dumps(hello))
        assert json.loads(await connection.recv())["status"] == 200
        lamp = Device("lamp", "urn:lamp", "Lamp").as_put()
        assert (await send(handler="put", token="1", payload=lamp))["status"] == 200
        value = [{"name": "body", "value": 21.5}]
        for service in ("celsius", "\x1b[2J"):
            event = {"device_uri": "lamp", "service_uri": service, "value": value}
            await send(handler="event", token="2", payload=event)
        ready()
        command = json.loads(await connection.recv())
        answer = {"protocol_parts": [{"name": "body", "value": "done"}]}
        await send(handler="response", token=command["token"], payload=answer)

    with Peer(hub.sepl, gateway):
        row = hub.ask("sepl", "devices")[0]
        assert row["uri"] == "lamp"
        assert row["connected"]
        assert "lamp" in hub.say("sepl", "devices")
        assert hub.ask("sepl", "command", "lamp", "switch", '{"on": true}') == {"response": "done"}
    assert hub.ask("sepl", "events", "lamp", "--since", "1h")[0]["value"] == 21.5
    assert "celsius  21.5" in hub.say("sepl", "events", "lamp")
    assert r"\x1b[2J  21.5" in hub.say("sepl", "events", "lamp")
    assert "there is no device 'lmap'" in hub.say("sepl", "events", "lmap", status=1)
    assert not hub.ask("sepl", "devices")[0]["connected"]
    assert "not connected" in hub.say("sepl", "command", "lamp", "switch", status=1)
    assert "no JSON" in hub.say("sepl", "command", "lamp", "switch", "{", status=2)
    for wrong in ("-1", "0", "nan", "inf", "soon"):
        said = hub.say("sepl", "command", "lamp", "switch", f"--timeout={wrong}", status=2)
        assert "seconds" in said
    assert "no time" in hub.say("sepl", "events", "lamp", "--since", "yesterday", status=2)
    assert "removed me" in hub.say("sepl", "remove-user", "me")
    assert "no user" in hub.say("sepl", "remove-user", "me", status=1)


def test_commute(hub):
    key = hub.ask("commute", "add", "lamp")["key"]

    async def device(connection, ready):
        for sensor in ("celsius", "\x1b[2J"):
            put = {"method": "put", "status": {"sensor": sensor, "value": 21.5}}
            await connection.send(json.dumps(put))
        await connection.send(json.dumps({"method": "get", "sensor": "celsius"}))
        assert json.loads(await connection.recv())["value"] == 21.5
        ready()
        assert json.loads(await connection.recv()) == {"sensor": "LED", "value": 1}

    with Peer(f"{hub.commute}?device=lamp&key={key}&side=device", device):
        assert hub.ask("commute", "devices") == [{"id": "lamp", "connected": True}]
        assert "sent to lamp" in hub.say("commute", "send", "lamp", "LED", "1")
    states = hub.ask("commute", "states", "lamp")
    assert {"sensor": "celsius", "value": 21.5} in [state["status"] for state in states]
    assert "celsius  21.5" in hub.say("commute", "states", "lamp")
    assert r"\x1b[2J  21.5" in hub.say("commute", "states", "lamp")
    assert "there is no device 'lmap'" in hub.say("commute", "states", "lmap", status=1)
    assert "not connected" in hub.say("commute", "send", "lamp", "LED", "1", status=1)
    assert "no device" in hub.say("commute", "send", "nobody", "LED", "1", status=1)
    assert "removed lamp" in hub.say("commute", "remove", "lamp")
    assert hub.ask("commute", "devices") == []


def test_without_a_hub(tmp_path):
    for arguments in (("sepl", "devices"), ("commute", "devices")):
        done = subprocess.run(
            [sys.executable, "-m", "motelink_tools", *arguments, "--folder", str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "motelink hub" in done.stderr
