"""``motelink losant`` beside a hub: devices, their states and commands."""

import csv
import io
import json
import os
import re
import socket
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from motelink.losant import Device

from .certificates import Authority
from .hub_command import (
    ANY_PORTS,
    DEADLINE_S,
    LOSANT,
    answers,
    folder,
    hub,
    losant,
    port_of,
    start,
    stop,
)

__all__ = ["folder", "hub", "losant", "start"]

PEER = Path(__file__).with_name("losant_peer.py")
PEERS = Path(sys.prefix) / "peers" / "losant"


def peer(start, port, credentials):
    """The platform's own client."""
    environment = {**os.environ, "PYTHONPATH": str(PEERS), "PYTHONWARNINGS": "ignore"}
    process = start(str(PEER), str(port), env=environment)
    process.stdin.write(json.dumps(credentials))
    process.stdin.close()
    process.stdin = None
    return process


def test_the_platforms_own_client(hub, start, losant, folder):
    process, addresses = hub()
    port = port_of(addresses["losant"]["mqtt"])
    lamp = json.loads(losant("add", "lamp", "--json"))
    assert "secret" not in losant("list", "--json")

    refused = peer(start, port, {**lamp, "secret": "wrong"})
    _, errors = refused.communicate(timeout=DEADLINE_S)
    assert (refused.returncode, "Invalid Losant credentials" in errors) == (1, True)

    watching = start(*LOSANT, "watch", "--json", "--folder", str(folder))
    assert "watching" in watching.stderr.readline()
    device = peer(start, port, lamp)
    connected = json.loads(process.stdout.readline())
    assert (connected["event"], connected["platform"]) == ("connected", "losant")
    assert (connected["id"], connected["kind"]) == (lamp["id"], "lamp")
    message = json.loads(process.stdout.readline())
    assert (message["event"], message["id"]) == ("message_in", lamp["id"])
    seen = json.loads(watching.stdout.readline())
    assert (seen["name"], seen["data"]) == ("lamp", {"temperature": 21.5, "on": True})
    assert [d["connected"] for d in json.loads(losant("list", "--json"))] == [True]

    assert "sent set to lamp" in losant("command", "lamp", "set", '{"level": [1, null]}')
    output, errors = device.communicate(timeout=DEADLINE_S)
    command = json.loads(output)
    assert (command["name"], command["payload"]) == ("set", {"level": [1, None]})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*\+00:00", command["time"])

    (state,) = json.loads(losant("states", "lamp", "--since", "5m", "--json"))
    assert state["data"] == {"temperature": 21.5, "on": True}
    assert json.loads(losant("states", "lamp", "--until", "5m", "--json")) == []
    (row,) = csv.DictReader(io.StringIO(losant("states", "lamp", "--csv")))
    assert row == {"time": state["time"], "on": "true", "temperature": "21.5"}
    assert "temperature 21.5" in losant("states", "lamp", "--limit", "1")

    assert "not connected" in losant("command", "lamp", "set", status=1)
    losant("remove", "lamp")
    again = peer(start, port, lamp)
    again.communicate(timeout=DEADLINE_S)
    assert again.returncode == 1
    said = set(stop(process)[1].splitlines())
    assert said == {"losant: refused a client: wrong access key or secret"}
    assert watching.wait(DEADLINE_S) == 0
    assert not answers(port)


def test_our_own_device(hub, losant):
    _, addresses = hub("--only", "losant")
    lamp = json.loads(losant("add", "lamp", "--attributes", "temperature", "--json"))
    port = port_of(addresses["losant"]["mqtt"])
    device = Device(
        lamp["id"], lamp["key"], lamp["secret"], secure=False, host="127.0.0.1", port=port
    )
    commands = []
    device.add_event_observer("connect", lambda device: device.send_state({"temperature": 21}))
    device.add_event_observer("command", lambda _, command: commands.append(command))
    device.connect(blocking=False)

    def stored():
        return json.loads(losant("states", "lamp", "--json"))

    with ThreadPoolExecutor() as other:
        for work in (stored, lambda: losant("command", "lamp", "set", "[1]")):
            for _ in range(5):
                asked = other.submit(work)
                while not asked.done():
                    device.loop(0.05)
                if asked.result():
                    break
    end = time.monotonic() + DEADLINE_S
    while not commands and time.monotonic() < end:
        device.loop(0.05)
    device.close()
    assert [state["data"] for state in stored()] == [{"temperature": 21}]
    assert [(command["name"], command["payload"]) for command in commands] == [("set", [1])]


def test_losant_over_tls(hub, tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("server", "127.0.0.1")
    lines = f'certificate = "{certificate}"\nkey = "{key}"\ntls_port = 0\n'
    configuration = tmp_path / "tls.toml"
    configuration.write_text(ANY_PORTS.replace("[losant]\n", f"[losant]\n{lines}"))
    _, addresses = hub("--config", str(configuration))
    port = port_of(addresses["losant"]["mqtt, tls"])
    context = ssl.create_default_context(cafile=authority.pem)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_devices_are_added_and_removed_without_a_hub_too(hub, start, losant):
    assert "no Losant device was ever added" in losant("list", status=1)
    printed = losant("add", "lamp", "--attributes", "temperature", "on:boolean")
    lamp = dict(line.split() for line in printed.splitlines())
    assert set(lamp) == {"id", "key", "secret"}
    assert lamp["id"] in losant("list")
    (listed,) = json.loads(losant("list", "--json"))
    assert listed["attributes"] == {"temperature": "number", "on": "boolean"}
    assert (listed["key"], listed["connected"]) == (lamp["key"], False)
    assert "no hub serves" in losant("command", "lamp", "set", status=1)
    _, addresses = hub("--only", "losant")
    device = peer(start, port_of(addresses["losant"]["mqtt"]), lamp)
    while not json.loads(losant("states", "lamp", "--json")):
        assert device.poll() is None
    losant("command", "lamp", "set")
    assert device.wait(DEADLINE_S) == 0
