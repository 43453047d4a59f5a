"""``motelink hub`` and ``motelink losant`` as a person or a script meets them."""

import csv
import io
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from motelink.losant import Device

from .certificates import Authority

DEADLINE_S = 30
LOSANT = ("-m", "motelink_tools", "losant")
PEER = Path(__file__).with_name("losant_peer.py")
PEERS = Path(sys.prefix) / "peers" / "losant"
ANY_PORTS = """
[hub]
only = ["losant", "manager"]
[losant]
port = 0
ws_port = 0
[manager]
port = 0
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "folder"


@pytest.fixture
def start(tmp_path, folder):
    """Start a command; all are stopped at the end, or when they hang."""
    running, watchdogs = [], []

    def start(*arguments, **options):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        running.append(process)
        watchdogs.append(threading.Timer(4 * DEADLINE_S, process.kill))
        watchdogs[-1].start()
        return process

    yield start
    for watchdog in watchdogs:
        watchdog.cancel()
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=DEADLINE_S)


@pytest.fixture
def hub(start, tmp_path, folder):
    """Start a hub that prints JSON. Returns it, and the addresses that it printed."""

    def hub(*arguments):
        configuration = tmp_path / "hub.toml"
        configuration.write_text(ANY_PORTS)
        process = start(
            *("-m", "motelink_tools", "hub", "--json"),
            *("--config", str(configuration), "--folder", str(folder)),
            *arguments,
        )
        line = process.stdout.readline()
        assert line, process.stderr.read()
        serving = json.loads(line)
        assert (serving["event"], serving["folder"]) == ("serving", str(folder))
        return process, serving["addresses"]

    return hub


@pytest.fixture
def losant(folder):
    """Run ``motelink losant``. Returns its output; ``status``: the expected one."""

    def losant(*arguments, status=0):
        done = subprocess.run(
            [sys.executable, *LOSANT, *arguments, "--folder", str(folder)],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr if status else done.stdout

    return losant


def stop(process, number=signal.SIGINT):
    """Returns what else it printed, and what it complained about."""
    process.send_signal(number)
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    return output, errors


def port_of(url):
    return int(url.rpartition(":")[2])


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


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
    assert stop(process)[1] == ""
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_behind(hub, folder, number):
    process, addresses = hub()
    assert set(addresses) == {"losant", "manager"}
    ports = [port_of(url) for found in addresses.values() for url in found.values()]
    assert len(ports) == 3
    assert all(map(answers, ports))
    state = folder / "hub.json"
    assert state.stat().st_mode & 0o77 == 0
    assert folder.stat().st_mode & 0o77 == 0
    assert stop(process, number)[0] == ""
    assert not any(map(answers, ports))
    assert not state.exists()
    hub("--only", "manager")  # the folder can be had again


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


def test_a_second_hub_on_the_same_folder_is_refused(hub, start, folder):
    first, _ = hub("--only", "manager")
    second = start("-m", "motelink_tools", "hub", "--only", "losant", "--folder", str(folder))
    output, errors = second.communicate(timeout=DEADLINE_S)
    assert (second.returncode, output) == (1, "")
    assert errors == (
        f"motelink: a hub (process {first.pid}) serves {folder} already; stop it, or choose"
        " another folder with --folder\n"
    )


def test_after_a_hub_that_was_killed(hub, losant, folder):
    killed, addresses = hub()
    port = port_of(addresses["losant"]["mqtt"])
    killed.kill()
    killed.wait(DEADLINE_S)
    assert (folder / "hub.json").exists()
    assert "no hub serves" in losant("watch", status=1)
    configuration = f'[losant]\nport = {port}\nws_port = 0\n[hub]\nonly = ["losant"]\n'
    (folder.parent / "again.toml").write_text(configuration)
    _, addresses = hub("--config", str(folder.parent / "again.toml"))
    assert port_of(addresses["losant"]["mqtt"]) == port


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


def test_mistakes_are_one_clear_line(hub, start, losant, tmp_path):
    losant("add", "lamp")
    hub("--only", "manager")
    for arguments, status, complaint in (
        (["add", "lamp"], 1, "does not serve losant; it serves: manager"),
        (["command", "lamp", "x", "{"], 2, "'{' is no JSON"),
        (["states", "lamp", "--since", "noon"], 2, "'noon' is no time: expected ISO 8601"),
        (["states", "none"], 1, "no Losant device 'none'; there are: lamp"),
    ):
        errors = losant(*arguments, status=status)
        assert complaint in errors
        assert errors.count("\n") == 1
    (tmp_path / "wrong.toml").write_text("[hub]\nprot = 1\n")
    wrong = start("-m", "motelink_tools", "hub", "--config", str(tmp_path / "wrong.toml"))
    output, errors = wrong.communicate(timeout=DEADLINE_S)
    assert (wrong.returncode, output) == (2, "")
    assert "[hub] has no 'prot'" in errors


@pytest.mark.parametrize("platform", ["losant", "iottalk", "sepl", "commute"])
def test_a_database_that_is_damaged_is_one_clear_line(start, folder, tmp_path, platform):
    folder.mkdir(exist_ok=True)
    database = folder / f"{platform}.db"
    database.write_text("no database")
    configuration = tmp_path / "hub.toml"
    configuration.write_text(ANY_PORTS)
    process = start(
        *("-m", "motelink_tools", "hub", "--config", str(configuration)),
        *("--folder", str(folder), "--only", platform),
    )
    output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        f"motelink: cannot use the database {database}: it is damaged or no database; move it"
        " away to start with an empty one\n"
    )
    assert database.read_text() == "no database"


def test_a_port_that_is_taken_ends_what_was_started(start, folder, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configuration = tmp_path / "hub.toml"
        configuration.write_text(
            ANY_PORTS.replace("[manager]\nport = 0", f"[manager]\nport = {port}")
        )
        process = start(
            *("-m", "motelink_tools", "hub", "--config", str(configuration)),
            *("--folder", str(folder)),
        )
        output, errors = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, output) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in errors
    assert errors.count("\n") == 1
    assert not (folder / "hub.json").exists()
    assert not (folder / "losant-broker" / "pid").exists()  # mosquitto removes it as it ends


def test_it_prints_a_table_for_people(start, folder, tmp_path):
    configuration = tmp_path / "hub.toml"
    configuration.write_text(ANY_PORTS)
    process = start(
        *("-m", "motelink_tools", "hub", "--config", str(configuration)),
        *("--folder", str(folder)),
    )
    lines = iter(process.stdout.readline, "Ctrl-C ends it.\n")
    table = "".join(lines)
    assert re.search(r"losant .* mqtt .* mqtt://127\.0\.0\.1:\d+", table)
    assert re.search(r"manager .* 127\.0\.0\.1:\d+", table)
    assert "\x1b" not in table
    stop(process)
