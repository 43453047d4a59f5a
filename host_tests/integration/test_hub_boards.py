"""Virtual boards of the hub, over the API: real MicroPython, flashed, typed to, faulted."""

import contextlib
import functools
import os
import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from motelink_tools.hub.app.boards.records import BOARDS
from motelink_tools.hub.web import peer

from .hub_web_world import DEADLINE_S, World
from .manager_device import wait_for


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hub"), only=("commute", "losant")) as world:
        yield world


def ask(world, call, **arguments):
    answer = world.post(f"api/boards/{call}", arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def refused(world, call, **arguments):
    answer = world.post(f"api/boards/{call}", arguments)
    assert answer.status_code >= 400, answer.text
    return answer.status_code, answer.json()["kind"]


def shown(world, name):
    boards = world.get("api/boards/list").json()["result"]["boards"]
    return next((board for board in boards if board["name"] == name), None)


def console(world, name):
    return world.get(f"api/boards/console?board={name}").json()["result"]["text"]


@contextlib.contextmanager
def running(world, name, **options):
    ask(world, "add", name=name, **options)
    ask(world, "start", board=name)
    try:
        yield
    finally:
        ask(world, "remove", board=name)


def test_a_board_is_flashed_and_is_a_device_of_the_platforms_it_joins(world):
    with running(world, "lamp"):
        done = ask(world, "flash", board="lamp")
        assert "main.py" in done["sent"]
        assert "settings.toml" in done["sent"]
        flashing = shown(world, "lamp")["flashing"]
        assert (flashing["state"], flashing["sent"]) == ("done", done["bytes"])
        assert flashing["files"] == len(done["sent"])
        rows = {}

        def connected():
            found = world.get("api/devices").json()["devices"]
            rows.update({row["platform"]: row for row in found if row["connected"]})
            return {"commute", "losant"} <= set(rows)

        wait_for(connected)
        assert rows["commute"]["id"] == rows["losant"]["name"] == "lamp"
        body = {"device": "lamp", "name": "say", "payload": "good <b>evening</b>"}
        world.post("api/losant/command", body)
        wait_for(lambda: "say: good <b>evening</b>" in console(world, "lamp"))
        assert "raw REPL" not in console(world, "lamp"), "what a flash makes it say is not shown"
        again = ask(world, "flash", board="lamp")
        assert (again["sent"], again["removed"]) == ([], []), "it keeps its accounts"
    assert shown(world, "lamp") is None


def test_it_is_typed_to_reset_suspended_and_switched_off(world, tmp_path):
    with running(world, "typed", heap="64k", chip="rp2"):
        assert shown(world, "typed")["state"] == "repl"
        ask(world, "type", board="typed", text="import os; os.uname().machine\r")
        wait_for(lambda: "with rp2'" in console(world, "typed"))
        ask(world, "type", board="typed", text="while True: pass\r\r")
        wait_for(lambda: shown(world, "typed")["state"] == "running")
        ask(world, "type", board="typed", text="\x03")
        wait_for(lambda: "KeyboardInterrupt" in console(world, "typed"))
        ask(world, "suspend", board="typed")
        assert shown(world, "typed")["state"] == "suspended"
        ask(world, "resume", board="typed")
        resets = shown(world, "typed")["resets"]
        ask(world, "reset", board="typed")
        assert shown(world, "typed")["resets"] == resets + 1
        assert refused(world, "start", board="typed") == (409, "started")
        assert refused(world, "type", board="typed", text="x" * 5000) == (413, "too_large")
        ask(world, "stop", board="typed")
        assert shown(world, "typed")["state"] == "off"
        ask(world, "stop", board="typed")
        for call in ("reset", "suspend", "resume", "flash"):
            assert refused(world, call, board="typed") == (409, "off")
    assert refused(world, "start", board="typed") == (404, "no_board")


def together(*works):
    """What each answers, all at once."""
    with ThreadPoolExecutor() as threads:
        return [done.result(DEADLINE_S) for done in [threads.submit(work) for work in works]]


def test_two_who_flash_at_once_are_one_flash_with_one_account(world):
    with running(world, "both", platforms=["losant"]):
        flash = functools.partial(world.post, "api/boards/flash", {"board": "both"})
        assert sorted(answer.status_code for answer in together(flash, flash, flash)) == [
            200,
            409,
            409,
        ]

        def accounts():
            names = [row["name"] for row in world.get("api/devices").json()["devices"]]
            return [name for name in names if name.startswith("both")]

        wait_for(accounts)  # the page looks once a second
        assert accounts() == ["both"]


def test_what_is_removed_is_gone_with_its_secrets_and_does_not_start_again(world, monkeypatch):
    folder = Path(ask(world, "add", name="gone")["folder"]).parent
    ask(world, "start", board="gone")
    ask(world, "flash", board="gone")
    assert "secret" in (folder / "settings.toml").read_text()
    board = world.hub.boards.get("gone")
    deleting, started = threading.Event(), threading.Event()
    rmtree = shutil.rmtree

    def slow(*arguments, **named):
        deleting.set()
        started.wait(0.2)  # not before the folder is gone
        rmtree(*arguments, **named)

    monkeypatch.setattr(shutil, "rmtree", slow)

    def start():
        deleting.wait(DEADLINE_S)
        answer = refused(world, "start", board="gone")
        started.set()
        return answer

    _, answer = together(lambda: ask(world, "remove", board="gone"), start)
    assert answer == (404, "no_board")
    assert board.public()["state"] == "off"
    assert not folder.exists()


def test_a_folder_of_ones_own_goes_over_the_firmware(world, tmp_path):
    (tmp_path / "app.py").write_text("def run():\n    print('my own firmware')\n")
    (tmp_path / "page.html").write_text("<p>")
    with running(world, "own", firmware=str(tmp_path), platforms=[]):
        assert {"app.mpy", "page.html", "main.py"} <= set(ask(world, "flash", board="own")["sent"])
        wait_for(lambda: "my own firmware" in console(world, "own"))
        (tmp_path / "app.py").write_text("def run(:\n")
        assert refused(world, "flash", board="own")[0] == 409
        flashing = shown(world, "own")["flashing"]
        assert flashing["state"] == "failed"
        assert "app.py" in flashing["error"]
        wait_for(lambda: console(world, "own").count("my own firmware") == 2)


def test_a_flash_that_does_not_fit_or_is_cut_off_says_so(world):
    with running(world, "tiny", flash="64k", platforms=[]):
        assert refused(world, "flash", board="tiny") == (409, "full")
        assert "too full" in shown(world, "tiny")["flashing"]["error"]
    with running(world, "slow", platforms=[]):
        answers = []
        flashing = threading.Thread(
            target=lambda: answers.append(refused(world, "flash", board="slow"))
        )
        flashing.start()
        wait_for(lambda: shown(world, "slow")["flashing"]["state"] != "never")
        assert refused(world, "type", board="slow", text="x") == (409, "flashing")
        ask(world, "stop", board="slow")
        flashing.join(DEADLINE_S)
        assert answers[0][0] == 409
        assert shown(world, "slow")["flashing"]["state"] == "failed"
        ask(world, "start", board="slow")
        ask(world, "flash", board="slow")


def test_faults_are_set_and_cleared(world):
    kinds = world.get("api/boards/list").json()["result"]["faults"]
    assert {"wifi-loss", "power-cut", "full-fs"} <= {kind["name"] for kind in kinds}
    with running(world, "faulty", platforms=[]):
        ask(world, "fault", board="faulty", fault="slow-link", value=500)
        ask(world, "fault", board="faulty", fault="full-fs")
        assert shown(world, "faulty")["faults"] == {"slow-link": 500, "full-fs": None}
        ask(world, "type", board="faulty", text="open('x', 'w').write('y' * 9000)\r")
        wait_for(lambda: "OSError: 28" in console(world, "faulty"))
        ask(world, "clear", board="faulty", fault="full-fs")
        assert shown(world, "faulty")["faults"] == {"slow-link": 500}
        resets = shown(world, "faulty")["resets"]
        ask(world, "fault", board="faulty", fault="power-cut")
        assert shown(world, "faulty")["resets"] == resets + 1
        assert refused(world, "fault", board="faulty", fault="meteorite") == (400, "no_fault")
        wrong = {"board": "faulty", "fault": "slow-link", "value": -1}
        assert refused(world, "fault", **wrong) == (400, "fault_value")


def test_what_cannot_be_is_refused_with_a_reason(world, tmp_path):
    for wrong in (
        {"name": "../escape"},
        {"name": ""},
        {"name": "x" * 41},
        {"name": "a/b"},
        {"name": "<img>"},
        {"name": "ok", "chip": "z80"},
        {"name": "ok", "heap": "1k"},
        {"name": "ok", "heap": "4096M"},
        {"name": "ok", "flash": "much"},
        {"name": "ok", "firmware": str(tmp_path / "nowhere")},
        {"name": "ok", "platforms": ["aws"]},
        {"name": "ok", "platforms": [1]},
        {"name": "ok", "platforms": "losant"},
    ):
        assert world.post("api/boards/add", wrong).status_code in (400, 409), wrong
    ask(world, "add", name="twice")
    assert refused(world, "add", name="twice") == (409, "exists")
    there = len(world.get("api/boards/list").json()["result"]["boards"])
    for number in range(BOARDS - there):
        ask(world, "add", name=f"many-{number}")
    assert refused(world, "add", name="last") == (409, "too_many")
    for number in range(BOARDS - there):
        ask(world, "remove", board=f"many-{number}")
    ask(world, "remove", board="twice")


def test_other_sites_and_those_without_the_token_start_no_process(world, tmp_path):
    ask(world, "add", name="guarded")
    body, url = {"board": "guarded"}, world.url + "api/boards/start"
    for headers in (
        {},
        {"X-Motelink": "1", "Origin": "http://evil.example"},
        {"X-Motelink": "1", "Sec-Fetch-Site": "cross-site"},
        {"X-Motelink": "1", "Host": "evil.example"},
    ):
        answer = requests.post(url, json=body, headers=headers, timeout=DEADLINE_S)
        assert answer.status_code in (403, 421)
    assert shown(world, "guarded")["state"] == "off"
    assert requests.get(url, params=body, timeout=DEADLINE_S).status_code == 405
    ask(world, "remove", board="guarded")
    with World(tmp_path, only=("commute",), page_host="0.0.0.0") as other:
        assert other.post("api/boards/add", {"name": "x"}).status_code == 401
        assert other.get("api/boards/list").status_code == 401


def test_another_user_of_the_machine_may_look_and_do_nothing(world, monkeypatch):
    monkeypatch.setattr(peer, "owner", lambda _client, _server: os.getuid() + 1)
    assert refused(world, "add", name="theirs") == (403, "user")
    assert shown(world, "theirs") is None
    monkeypatch.setattr(peer, "owner", lambda _client, _server: peer.NOBODY)
    assert refused(world, "add", name="theirs") == (403, "user")
    monkeypatch.setattr(peer, "owner", lambda _client, _server: None)
    ask(world, "add", name="ours")
    ask(world, "remove", board="ours")


def test_nobody_gives_another_address_than_his_own(world, monkeypatch):
    asked = []
    monkeypatch.setattr(peer, "owner", lambda client, _server: asked.append(client))
    world.post("api/boards/stop", {"board": "none"}, **{"X-Forwarded-For": "192.0.2.1"})
    assert asked[0][0] == "127.0.0.1"


def test_a_hub_told_so_runs_no_boards(tmp_path):
    world = World(tmp_path, only=("commute",), boards=False)
    with world:
        assert world.post("api/boards/add", {"name": "x"}).status_code == 404
        assert world.get("api/boards/list").json()["kind"] == "no_platform"


def test_boards_are_there_after_a_restart_off_and_with_their_files(tmp_path):
    with World(tmp_path, only=("losant",)) as world:
        ask(world, "add", name="kept", heap="96k", flash="2M")
        ask(world, "start", board="kept")
        ask(world, "flash", board="kept")
        board = world.hub.boards.get("kept")
        pid = board._board.pid
        before = shown(world, "kept")
        settings = tmp_path / "boards" / "kept" / "settings.toml"
        assert stat.S_IMODE(settings.stat().st_mode) == 0o600
        secret = next(line for line in settings.read_text().splitlines() if "secret" in line)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with World(tmp_path, only=("losant",)) as world:
        after = shown(world, "kept")
        assert (after["state"], after["port"]) == ("off", "")
        for field in ("heap", "flash", "chip", "platforms", "folder"):
            assert after[field] == before[field]
        ask(world, "start", board="kept")
        sent = ask(world, "flash", board="kept")["sent"]
        assert set(sent) <= {"settings.toml"}, "the files are there; the broker has another port"
        assert secret in settings.read_text()
        device = world.get("api/devices").json()["devices"][0]
        wait_for(lambda: world.connected("losant", device["id"]))
        for line in world.hub.page.log.after(0):
            assert secret.split('"')[1] not in line["text"]
        assert secret.split('"')[1] not in world.get("api/boards/list").text
