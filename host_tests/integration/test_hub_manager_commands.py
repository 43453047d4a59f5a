"""``motelink manager devices``, ``send``, ``ask`` and ``forget``, at a hub in its own process."""

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from motelink import log
from motelink.manager import Client
from motelink_tools import cli

DEADLINE_S = 60
UUID = "1862cfe1-5dab-4d8e-a946-50d6728f830f"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Its folder and port."""
    folder = tmp_path_factory.mktemp("hub")
    configuration = folder / "hub.toml"
    configuration.write_text(
        '[hub]\npage_port = 0\n[manager]\nport = 0\ntypes = ["kettle", "lamp"]\n'
    )
    command = ["hub", "--only", "manager", "--json", "--config", str(configuration)]
    process = subprocess.Popen(
        [sys.executable, "-m", "motelink_tools", *command, "--folder", str(folder / "hub")],
        stdout=subprocess.PIPE,
        text=True,
    )
    serving = json.loads(process.stdout.readline())
    yield folder / "hub", int(serving["addresses"]["manager"]["tcp, raw"].rpartition(":")[2])
    process.terminate()
    assert process.wait(DEADLINE_S) == 0
    process.stdout.close()


@pytest.fixture
def run(hub, capsys):
    def run(*arguments, status=0):
        assert cli.main(["manager", *arguments, "--folder", str(hub[0])]) == status
        said = capsys.readouterr()
        return said.err if status else said.out

    return run


@contextmanager
def device(port, kind="kettle", uuid=UUID):
    """A device that is known to the hub, and what it was told."""
    log.set_level("warning")  # what the command prints is looked at
    heard = []
    client = Client("127.0.0.1", uuid, kind, {"room": "kitchen\x1b[2J"}, port)
    client.on_message = lambda message: heard.append(message.bytes())
    ended = threading.Event()

    def live():
        while not ended.is_set():
            client.step(20)

    living = threading.Thread(target=live)
    living.start()
    try:
        until(lambda: client.connected)
        yield heard
    finally:
        ended.set()
        living.join()
        client.end()
        log.set_level("info")


def until(condition):
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_message_reaches_one_a_type_or_all(hub, run):
    other = "2862cfe1-5dab-4d8e-a946-50d6728f830f"
    with device(hub[1]) as kettle, device(hub[1], "lamp", other) as lamp:
        until(lambda: len(json.loads(run("devices", "--json"))) == 2)
        assert run("send", "one", "--to", UUID) == "sent to 1\n"
        until(lambda: kettle == [b"one"])
        assert json.loads(run("send", "two", "--type", "lamp", "--json")) == {"reached": 1}
        until(lambda: lamp == [b"two"])
        assert run("send", "AP8=", "--base64") == "sent to 2\n"
        until(lambda: kettle[1:] == lamp[1:] == [b"\x00\xff"])
        assert "no base64" in run("send", "?", "--base64", status=1)
        assert "'cup'" in run("send", "one", "--type", "cup", status=1)
    assert "is not connected" in run("send", "one", "--to", UUID, status=1)


def test_devices_are_listed_asked_and_forgotten(hub, run):
    with device(hub[1]):
        (row,) = [row for row in json.loads(run("devices", "--json")) if row["uuid"] == UUID]
        assert (row["type"], row["connected"]) == ("kettle", True)
        line = next(line for line in run("devices").splitlines() if UUID in line)
        assert line.startswith("connected")
        for said in (line, run("ask", UUID)):
            assert "kitchen" in said
            assert "\x1b" not in said
        assert json.loads(run("ask", UUID, "--json"))["data"]["room"] == "kitchen\x1b[2J"
        run("forget", UUID, status=1)
    until(
        lambda: any(line.startswith("-") and UUID in line for line in run("devices").split("\n"))
    )
    assert "is not connected" in run("ask", UUID, status=1)
    assert run("forget", UUID) == f"forgot {UUID}\n"
    assert UUID not in run("devices")
