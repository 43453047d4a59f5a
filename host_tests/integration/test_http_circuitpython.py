"""motelink.http among CircuitPython's fakes, by the real adafruit_requests: the same answers and
bounds as on the other runtimes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from motelink_tools import paths

from . import mqtt_peers
from .test_http import PROGRAM, serving, url  # noqa: F401 - a fixture

INTERPRETER = Path(__file__).parents[1] / "circuitpython" / "interpreter.py"


@pytest.mark.parametrize("board", ["espressif", "raspberrypi"])
def test_by_adafruit_requests(board: str, url: str, tmp_path: Path) -> None:  # noqa: F811
    head = {"headers": {"Content-Type": "application/json"}}
    with serving(lambda connection: time.sleep(1)) as deaf:
        requests: list[tuple[str, str, dict[str, Any]]] = [
            ("get", url + "/a", {"query": {"b": "c d&é"}}),
            ("post", url + "/p", {"body": "grüße"}),
            ("put", url + "/p", {"body": "{}", **head}),
            ("delete", url + "/p", {}),
            ("header", url + "/h", {}),
            ("get", url + "/missing", {}),
            ("get", url + "/redirect", {}),
            ("get", url + "/large", {}),
            ("get", deaf, {"timeout": 0.5}),
            ("get", url + "/after", {}),
        ]
        said = _ask(board, requests, tmp_path / "requests.json")
    assert [answer[0] for answer in said[:7]] == [200] * 5 + [404, 302]
    assert [json.loads(answer[2]) if answer[2] else None for answer in said[:7]] == [
        ["GET", "/a?b=c%20d%26%C3%A9", None, ""],
        ["POST", "/p", None, "grüße"],
        ["PUT", "/p", "application/json", "{}"],
        ["DELETE", "/p", None, ""],
        None,
        ["GET", "/missing", None, ""],
        ["GET", "/redirect", None, ""],
    ]
    assert all(answer[1]["X-Kettle"] == "boils" for answer in said[:7])
    assert said[7][0] == "TooLarge"
    assert said[8][0] is None, said[8]
    assert "OutOfRetries" in said[8][3], said[8]
    assert 400 < said[8][4] < 900
    assert said[9][0] == 200


def _ask(board: str, requests: object, file: Path) -> list[list[Any]]:
    """What each request gave; see ``http_device.py``."""
    file.write_text(json.dumps(requests))
    path = os.pathsep.join([str(paths.library()), str(mqtt_peers.fetch())])
    done = subprocess.run(
        [sys.executable, str(INTERPRETER), board, str(PROGRAM), str(file)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
