"""Fixtures that run ``motelink hub`` and ``motelink losant`` as a person or a script does."""

import json
import signal
import socket
import subprocess
import sys
import threading

import pytest

DEADLINE_S = 60
LOSANT = ("-m", "motelink_tools", "losant")
ANY_PORTS = """
[hub]
only = ["losant", "manager"]
[losant]
port = 0
ws_port = 0
[manager]
port = 0
[iottalk]
port = 0
ws_port = 0
http_port = 0
[sepl]
port = 0
[commute]
port = 0
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "folder"


@pytest.fixture
def start():
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
        assert serving.get("event") == "serving", (serving, process.stderr.read())
        assert serving["folder"] == str(folder)
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
