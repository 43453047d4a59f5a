"""Who is kept out of the hub's page and its API."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
import requests

from .hub_web_world import DEADLINE_S, World


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hub"), only=("commute", "manager")) as world:
        yield world


def test_other_hosts_and_other_sites_are_refused(world):
    get, path = requests.get, world.url
    others = ("evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost.evil:80")
    # A library that takes the path from these would find an open one.
    for host in (
        *others,
        "localhost/static/?",
        "localhost/static/#",
        "x@localhost",
        "localhost:x",
    ):
        answer = get(path + "api/devices", headers={"Host": host}, timeout=DEADLINE_S)
        assert answer.status_code in (400, 421), host
    assert get(path, headers={"Host": "localhost:1"}, timeout=DEADLINE_S).status_code == 200
    body = {"text": "x"}
    own = path.rstrip("/")
    assert world.post("api/manager/send", body, Origin=own).status_code == 200
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = world.post("api/manager/send", body, **headers)
        assert (answer.status_code, answer.json()["kind"]) == (403, "foreign")
    for site in ("cross-site", "same-site"):
        foreign = {"Sec-Fetch-Site": site}
        assert world.get("api/devices", headers=foreign).status_code == 403
        assert world.get("", headers=foreign).status_code == 200, "a link to the page"
    # As a browser behind a proxy with TLS says it.
    headers = {"Origin": "https://hub.example", "Sec-Fetch-Site": "same-origin"}
    assert world.post("api/manager/send", body, **headers).status_code == 200
    bare = requests.post(path + "api/manager/send", json=body, timeout=DEADLINE_S)
    assert bare.status_code == 403
    form = world.post("api/manager/send", body, **{"Content-Type": "text/plain"})
    assert form.status_code == 400


def test_every_response_has_the_headers_that_keep_scripts_out(world):
    for path in ("", "api/devices", "static/js/main.js", "api/nothing"):
        headers = world.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert world.get("static/../routes.py").status_code == 404
    assert world.get("static/%2e%2e/routes.py").status_code == 404


def test_where_others_can_reach_it_a_token_is_needed(tmp_path, caplog):
    with World(tmp_path, only=("commute",), page_host="0.0.0.0") as world:
        token = world.hub.page.token
        assert len(token) > 40
        assert world.get("").status_code == 200
        for path in ("api/devices", "api/live", "api/openapi.json"):
            assert world.get(path).status_code == 401
            assert world.get(path, headers={"Authorization": "Bearer x"}).status_code == 401
        bearer = {"Authorization": f"Bearer {token}"}
        assert world.get("api/devices", headers=bearer).status_code == 200
        for wrong in ({"token": "x"}, {"token": 1}, [], {"token": "ä"}):
            assert world.post("api/login", wrong).status_code == 401
        foreign = requests.post(world.url + "api/login", json={"token": token}, timeout=DEADLINE_S)
        assert foreign.status_code == 403
        answer = world.post("api/login", {"token": token})
        cookie = answer.headers["Set-Cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert token not in answer.headers["Set-Cookie"]
        assert world.get("api/devices", cookies=answer.cookies).status_code == 200
        assert world.get("api/devices", cookies={"motelink": "x"}).status_code == 401
        assert token not in caplog.text
        assert token not in json.dumps(world.hub.page.log.after(0))
        assert world.get("", headers={"Host": "evil.example"}).status_code == 421
        own = socket.gethostname().removesuffix(".local")
        for host in (own, f"{own}.local:8590", "192.0.2.1"):
            assert world.get("", headers={"Host": host}).status_code == 200


def test_any_address_of_this_machine_alone_needs_no_token(tmp_path):
    with World(tmp_path, only=("commute",), page_host="127.0.0.2") as world:
        assert world.hub.page.token is None
        assert world.get("api/devices").status_code == 200
        assert world.get("", headers={"Host": "192.0.2.1"}).status_code == 421


@pytest.mark.parametrize("as_json", [True, False])
def test_the_hub_prints_the_address_and_the_token_once(tmp_path, as_json):
    configuration = tmp_path / "hub.toml"
    configuration.write_text('[hub]\npage_host = "0.0.0.0"\npage_port = 0\n[commute]\nport = 0\n')
    command = [sys.executable, "-m", "motelink_tools", "hub", "--only", "commute"]
    command += ["--config", str(configuration), "--folder", str(tmp_path / "hub")]
    with subprocess.Popen(
        command + ["--json"] * as_json,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    ) as process:
        printed = ""
        while not re.search('"page"|Ctrl-C ends it', printed):
            line = process.stdout.readline()
            assert line, printed
            printed += line
        url = re.search(r"http://[\d.]+:\d+/", printed)[0]
        token = re.search(r"[\w-]{43}", printed)[0]
        answer = requests.get(
            url + "api/hub", headers={"Authorization": f"Bearer {token}"}, timeout=DEADLINE_S
        )
        assert answer.status_code == 200
        process.send_signal(signal.SIGINT)
        printed += process.communicate(timeout=DEADLINE_S)[0]
        assert printed.count(token) == 1
    assert process.returncode == 0
