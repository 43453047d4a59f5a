"""The hub's page under use: restarts, the keyboard alone, many devices, any eyes, any screen."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .hub_web_browser import laid_out, serious
from .hub_web_browser import page as opened
from .hub_web_fixtures import Devices, browser, go, look, page, tab, world
from .hub_web_world import CommuteDevice, World
from .manager_device import wait_for

__all__ = ["browser", "page", "tab", "world"]

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", "build/screenshots"))
# The widest for some pages alone: it takes long.
SCREENS = (("light", 3840), ("light", 1280), ("dark", 1280), ("dark", 360), ("light", 360))
CHECKED = (("light", 1280), ("dark", 360))
LIMIT_S = 60
ALL_STATES = {"since": None, "until": None, "limit": 10}


def pages(devices):
    """Name and address of each."""
    return {
        "overview": "",
        "manager": f"device/manager/{devices.board.uuid}",
        "losant": f"device/losant/{devices.made['id']}",
        "iottalk": f"device/iottalk/{devices.kettle.id}",
        "sepl": f"device/sepl/{devices.gateway.gid}",
        "commute": "device/commute/doorbell",
        "graphs": "graphs",
        "graph": "graph/page/comfort",
        "boards": "boards",
        "board": "board/desk",
        "log": "log",
        "nowhere": "nowhere",
    }


def fill(world, devices, turns=30):
    """Something to see everywhere; with many turns a board at work, too."""
    kettle = devices.kettle
    where = {"client": "page", "graph": "comfort"}
    for request in (
        {"op": "attach"},
        {"op": "add_link", "da_id": kettle.id, "idf": kettle.idf, "func": None},
        {"op": "add_link", "da_id": kettle.id, "odf": kettle.odf, "func": None},
        {"op": "start_monitor"},
    ):
        world.call("iottalk", "request", **where, request=request)
    good, bad = (
        world.call("iottalk", "function", **where, source=source)["digest"]
        for source in (
            "def run(celsius):\n    return round(celsius * 1.8 + 32, 1)\n",
            "def run(fahrenheit):\n    if fahrenheit > 70:\n        return 1 / 0\n    return 1\n",
        )
    )
    odf = {"op": "set_df_func", "da_id": kettle.id, "odf": kettle.odf, "prev": None, "new": bad}
    world.call("iottalk", "request", **where, request=odf)
    join = {"op": "set_join", "prev": None, "new": good}
    world.call("iottalk", "request", **where, request=join)
    world.post("api/boards/add", {"name": "desk"})
    world.post("api/boards/add", {"name": "a-board-whose-name-is-as-long-as-can-be-"})
    for call in ("start", "flash") if turns > 3 else ():
        assert world.post(f"api/boards/{call}", {"board": "desk"}).status_code == 200
    world.post("api/boards/fault", {"board": "desk", "fault": "slow-link"})
    while not kettle.topics:
        time.sleep(0.01)
    for number in range(turns):
        wave = (number % 20 - 10) ** 2
        devices.board.send(f"temperature {20 + wave / 40:.2f}\nled_on {number // 8 % 2}".encode())
        world.run(kettle.push(20 + number / 8))
        world.run(devices.doorbell.put("volume", wave % 7))
        world.run(devices.gateway.event("brightness", wave))
        if number < 25:
            state = {"soil": 40 + wave / 20, "light": 5 * wave, "pump": wave > 30}
            world.run(devices.losant.state(state))
        time.sleep(0.02)


@pytest.fixture(scope="module")
def filled(world):
    fill(world, world.devices)
    return pages(world.devices)


def test_every_page_on_every_screen_for_any_eyes(browser, world, filled):
    """Nothing is wider than the window, an accessibility checker has nothing serious to say."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with opened(browser, world.url + "#/log", reduced_motion="reduce") as page:
        for number, (name, where) in enumerate(filled.items()):
            look(page, world, where)
            assert page.locator("h1, .empty").first.is_visible()
            for scheme, width in SCREENS[number % 4 > 0 :]:
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 800})
                laid_out(page)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (name, width)
                if width < 3840:
                    page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png")
                if (scheme, width) in CHECKED:
                    assert serious(page) == [], (name, scheme)


def test_the_keyboard_is_enough(page, world, filled):
    page.reload()
    expect(page.locator("table.devices")).to_contain_text("doorbell")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Filter devices")).to_be_focused()
    page.keyboard.type("doorbell")
    expect(page.locator("table.devices tbody tr")).to_have_count(1)
    tab_to(page, "doorbell")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="doorbell")).to_be_visible()
    tab_to(page, "Sensor")
    page.keyboard.type("keys")
    page.keyboard.press("Tab")
    page.keyboard.type("11")
    tab_to(page, "Send")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "one sees where one is"
    page.keyboard.press("Enter")
    expect(page.get_by_text("Sent.")).to_be_visible()
    assert {"sensor": "keys", "value": 11} in world.devices.doorbell.got
    tab_to(page, "Graphs")
    page.keyboard.press("Enter")
    tab_to(page, "comfort")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Function of Join")).to_have_value(re.compile("celsius"))
    tab_to(page, "Function of Join")
    page.keyboard.press("Control+End")
    page.keyboard.type("# seen\n")
    tab_to(page, "Apply")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    graph = world.call("iottalk", "graph", client="page", graph="comfort")
    assert graph["codes"][graph["join"]["func"]].endswith("# seen\n")
    for name in ("Boards", "desk", "Interrupt"):
        tab_to(page, name)
        page.keyboard.press("Enter")
    expect(page.locator(".device-head .state")).to_have_text("repl")
    tab_to(page, "Type to the board")
    page.keyboard.type("6 * 7")
    page.keyboard.press("Enter")
    expect(page.locator(".terminal")).to_contain_text("42")


def tab_to(page, name):
    """Tab until something of this name has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
            " || ''"
        )
        aria = page.evaluate("document.activeElement.ariaLabel")
        if name in (label, aria):
            return
    raise AssertionError(f"{name} cannot be reached")


def test_an_open_page_recovers_from_a_restart_of_the_hub(browser, tmp_path):
    with contextlib.ExitStack() as first:
        world = first.enter_context(World(tmp_path, only=("commute", "manager")))
        url, port = world.url, int(world.url.rstrip("/").rpartition(":")[2])
        key = world.call("commute", "add", device="doorbell")
        with opened(browser, url + "#/device/commute/doorbell", forgiven=("ERR_",)) as page:
            expect(page.locator("#connection")).to_have_text("live")
            page.evaluate("window.sameDocument = true")
            page.get_by_label("Value").fill("what I typed")
            first.close()
            expect(page.locator("#connection")).to_contain_text("away")
            with World(tmp_path, only=("commute", "manager"), page_port=port) as world:
                expect(page.locator("#connection")).to_have_text("live")
                bell = world.start(CommuteDevice("doorbell", key))
                world.run(bell.put("volume", 9))
                expect(page.locator('[data-series="volume"] .last')).to_have_text("9")
                expect(page.get_by_label("Value")).to_have_value("what I typed")
                assert page.evaluate("window.sameDocument")


def test_what_must_survive_a_restart_is_on_the_page_after_it(browser, tmp_path):
    with World(tmp_path) as world:
        devices = Devices(world)
        fill(world, devices, turns=3)
        wait_for(lambda: world.call("commute", "states", device="doorbell"))
        events = {"device": devices.gateway.uri, "since": 0, "limit": 10}
        wait_for(lambda: world.call("sepl", "events", **events))
        wait_for(lambda: world.call("losant", "states", **ALL_STATES, device=devices.made["id"]))
    with World(tmp_path) as world, opened(browser, world.url) as page:
        rows = page.locator("table.devices tbody tr")
        expect(rows.filter(has_text=devices.board.uuid)).to_contain_text("ago")
        for name in ("greenhouse", "kettle", "Lamp", "doorbell"):
            row = rows.filter(has_text=re.compile(name))
            expect(row).to_have_count(1)
            expect(row.locator(".dot")).to_have_attribute("data-up", "false")
        go(page, world, "device", "losant", devices.made["id"])
        expect(page.get_by_role("region", name="Last state")).to_contain_text("soil")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_text("3 states.")).to_be_visible()
        go(page, world, "device", "commute", "doorbell")
        expect(page.get_by_role("region", name="Sensors")).to_contain_text("volume")
        go(page, world, "device", "sepl", devices.gateway.gid)
        expect(page.get_by_label("Device", exact=True).locator("option")).to_have_count(1)
        page.get_by_role("button", name="Load events").click()
        expect(page.get_by_role("region", name="Events").last).to_contain_text("brightness")
        go(page, world, "device", "iottalk", devices.kettle.id)
        expect(page.get_by_role("region", name="Features")).to_contain_text("°C")
        page.get_by_role("link", name="page / comfort").click()
        expect(page.get_by_label("Function of Join")).to_have_value(re.compile("celsius"))
        expect(page.get_by_label("Function of lamp-O")).to_have_value(re.compile("fahrenheit"))
        expect(page.get_by_role("button", name="Watching values")).to_be_visible()
        go(page, world, "boards")
        expect(page.get_by_role("region", name="desk")).to_contain_text("off")
        go(page, world, "device", "manager", devices.board.uuid)
        expect(page.get_by_role("region", name="Data")).to_contain_text("81200")
        page.get_by_role("button", name="Forget").click()
        expect(rows.filter(has_text=devices.board.uuid)).to_have_count(0)


def test_hundreds_of_devices_stay_smooth(browser, tmp_path):
    with World(tmp_path, only=("commute",)) as world, opened(browser, world.url) as page:
        registry = world.hub.registry
        for number in range(500):
            registry.connected("commute", f"device {number}", kind="sensor")
        expect(page.locator("table.devices tbody tr")).to_have_count(500)
        page.evaluate(
            """() => {
                window.longest = 0;
                new PerformanceObserver((list) => {
                    for (const task of list.getEntries())
                        window.longest = Math.max(window.longest, task.duration);
                }).observe({ type: "longtask" });
            }"""
        )
        top = page.locator("table.devices tbody tr").first.bounding_box()
        end = time.monotonic() + 1
        count = 0
        while time.monotonic() < end:
            for _ in range(100):
                count += 1
                registry.message_in("commute", f"device {count % 500}", 9, b'{"n": 12}')
            time.sleep(0.05)
        total = f"{count // 500}"
        expect(page.locator("table.devices tbody tr").first).to_contain_text(total)
        assert page.locator("table.devices tbody tr").first.bounding_box() == top
        # Ten times what it takes where nothing else runs.
        assert page.evaluate("window.longest") < 1000, "ms that the page was stuck"


def test_a_token_lets_in(browser, tmp_path):
    with World(tmp_path, only=("commute",), page_host="0.0.0.0") as world:
        world.call("commute", "add", device="doorbell")
        with opened(browser, world.url, forgiven=("401", "Cross-Origin-Opener-Policy")) as page:
            page.get_by_label("Token").fill("wrong")
            page.get_by_role("button", name="Enter").click()
            expect(page.get_by_text("that is not the token")).to_be_visible()
            page.get_by_label("Token").fill(world.hub.page.token)
            page.get_by_role("button", name="Enter").click()
            expect(page.locator("table.devices")).to_contain_text("doorbell")


def test_the_demos_board_is_on_the_page(browser):
    """A real MicroPython: its numbers are charted, and it does what the page says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "motelink_tools", "demo", "--seconds", "60"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = next(
            found[0]
            for line in process.stdout
            if (found := re.search(r"http://127\.0\.0\.1:\d+/", line)) and " page " in line
        )
        with opened(browser, url, forgiven=("ERR_",)) as page:
            board = page.locator("table.devices tbody tr").filter(has_text="manager")
            expect(board.locator(".dot")).to_have_attribute(
                "data-up", "true", timeout=LIMIT_S * 1e3
            )
            board.get_by_role("link").click()
            expect(page.locator('[data-series*="heap_free"] canvas').first).to_be_visible()
            page.get_by_label("Message", exact=True).fill("led on")
            page.get_by_role("button", name="Send", exact=True).click()
            expect(page.locator(".messages li[data-way=in]").first).to_contain_text("led_on 1")
            page.get_by_role("link", name="Boards").click()
            expect(page.get_by_role("region", name="demo")).to_contain_text("verified, in")
            page.get_by_role("link", name="demo").click()
            expect(page.locator(".terminal")).to_contain_text("led is on")
            page.get_by_role("button", name="Flash").click()
            expect(page.locator(".flashing")).to_contain_text("nothing to send")
    finally:
        process.terminate()
        process.communicate(timeout=LIMIT_S)
