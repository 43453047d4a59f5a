"""iotctl: a server in the foreground and in the background, and what looks after it."""

import json
import os
import signal
import subprocess
import sys

import pytest
import requests

from motelink_tools.hub.broker import Broker

from .csm_world import DEADLINE_S, KETTLE, body

IOTCTL = "import sys; from motelink_tools.cli.iotctl import main; sys.exit(main())"


@pytest.fixture(scope="module")
def broker():
    with Broker() as broker:
        yield broker


@pytest.fixture
def iotctl(tmp_path, broker):
    """Runs it with a configuration of its own; a server that is left is ended."""
    config = tmp_path / "own.ini"
    config.write_text(
        f"[core]\nuserdir = {tmp_path}/user\nhttp-port = 0\n"
        f"[core-mqtt]\nhost = {broker.host}\nport = {broker.port}\n"
    )

    def call(*words, **more):
        return subprocess.run(
            [*command(config), *words],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            **more,
        )

    call.config = config
    yield call
    call("stop")


def command(config):
    return [sys.executable, "-c", IOTCTL, "-c", str(config)]


def status(iotctl):
    done = iotctl("status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["running"] else 3)
    return found


def test_in_the_background(iotctl, tmp_path):
    assert status(iotctl) == {"running": False}
    done = iotctl("start", "--background")
    assert done.returncode == 0, done.stderr
    found = status(iotctl)
    assert done.stdout == f"IoTtalk: {found['url']}\n"
    rev = requests.put(f"{found['url']}/{KETTLE}", json=body(), timeout=DEADLINE_S).json()["rev"]
    again = iotctl("start", "--background")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("iotctl: a server runs already")
    assert "runs already" in iotctl("start", "csm").stderr

    assert iotctl("restart").returncode == 0
    other = status(iotctl)
    assert other["pid"] != found["pid"]
    record = requests.get(f"{other['url']}/{KETTLE}", timeout=DEADLINE_S).json()
    assert record["rev"] == rev
    assert iotctl("status").stdout.startswith("running at http://127.0.0.1:")

    stopped = iotctl("stop")
    assert (stopped.returncode, stopped.stdout) == (0, f"stopped {other['url']}\n")
    assert status(iotctl) == {"running": False}
    assert iotctl("stop").returncode == 3
    assert (tmp_path / "user" / "iottalk.db").exists()


def test_one_that_was_killed_is_not_taken_to_run(iotctl):
    iotctl("start", "--background")
    os.kill(status(iotctl)["pid"], signal.SIGKILL)
    while status(iotctl)["running"]:
        pass
    assert iotctl("restart").returncode == 0
    assert status(iotctl)["running"]


def test_why_it_does_not_start(iotctl):
    text = iotctl.config.read_text()
    iotctl.config.write_text(
        text.replace("[core-mqtt]\nhost = 127.0.0.1", "[core-mqtt]\nhost = 127.0.0.9")
    )
    for words in (["start"], ["start", "--background"]):
        done = iotctl(*words)
        assert done.returncode == 1
        assert "cannot reach the broker at 127.0.0.9" in done.stderr
        assert done.stderr.count("\n") == 1
    assert status(iotctl) == {"running": False}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_in_the_foreground_until_a_signal(iotctl, number):
    process = subprocess.Popen(
        [*command(iotctl.config), "start", "csm"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        assert status(iotctl)["url"] in line
        process.send_signal(number)
        _, errors = process.communicate(timeout=DEADLINE_S)
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.communicate()


def test_the_shell(iotctl, tmp_path):
    assert iotctl("initdb", "csm").stdout == f"{tmp_path}/user/iottalk.db\n"
    iotctl("start", "--background")
    url = status(iotctl)["url"]
    for device in (KETTLE, "00000000-0000-0000-0000-c860008bd249"):
        requests.put(f"{url}/{device}", json=body(), timeout=DEADLINE_S)
    done = iotctl("shell", input="for d in devices(): print(d['name'])\n\nprint(settings.bind)\n")
    assert "00.Cat\n" in done.stdout.replace(">>> ", "").replace("... ", "")
    assert "127.0.0.1" in done.stdout
    # Through the server, and without it.
    iotctl("shell", input=f"deregister({KETTLE!r})\n")
    assert requests.get(f"{url}/{KETTLE}", timeout=DEADLINE_S).status_code == 404
    iotctl("stop")
    left = "deregister(devices()[0]['id'])\nprint('left', len(devices()))\n"
    assert "left 0" in iotctl("shell", input=left).stdout
    assert "there is no device x" in iotctl("shell", input="deregister('x')\n").stderr
