"""The hub's page in a real headless Chromium."""

import re
import time
from pathlib import Path

from playwright.sync_api import expect

from .hub_web_fixtures import browser, go, page, tab, world
from .manager_device import wait_for

__all__ = ["browser", "page", "tab", "world"]

LIMIT_S = 60
FUNCTION = "def run(x):\n    return x * 2\n"


def last_value(page, series):
    return page.locator(f'[data-series="{series}"] .last')


def drawn(page, series):
    """Whether there is ink in the middle of the chart."""
    return page.locator(f'[data-series="{series}"] canvas').evaluate(
        "c => c.getContext('2d').getImageData(60, 0, c.width - 70, c.height - 40)"
        ".data.some((v, n) => n % 4 === 3 && v > 200)"
    )


# -- pages ---------------------------------------------------------------------------------------


def test_the_overview_shows_filters_and_sorts_every_device(page, world):
    rows = page.locator("table.devices tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.filter(has_text="doorbell").locator(".dot")).to_have_attribute("data-up", "true")
    expect(page.locator(".summary")).to_contain_text("5 of 5 connected")
    expect(rows.filter(has_text="lamp").first).to_contain_text("79.3 KiB")
    page.get_by_label("Filter devices").fill("GREEN")
    expect(rows).to_have_count(1)
    page.get_by_label("Filter devices").fill("nobody")
    page.get_by_role("button", name="Clear the filter").click()
    page.get_by_role("group", name="Platform").get_by_role("button", name="sepl").click()
    expect(rows).to_have_count(1)
    page.get_by_role("group", name="Platform").get_by_role("button", name="All").click()
    page.get_by_role("button", name="Device", exact=True).click()
    names = page.locator("table.devices tbody a")
    expect(names.first).to_have_text(re.compile("lamp", re.I))
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Device")
    world.run(world.devices.doorbell.put("press", 1))
    expect(rows.filter(has_text="doorbell").locator(".c-messages_in")).not_to_have_text("0")


def test_a_board_of_the_manager_is_charted_and_sent_to(page, world):
    board = world.devices.board
    go(page, world, "device", "manager", board.uuid)
    expect(last_value(page, "heap_free")).to_have_text("81,200")
    for number in range(4):
        board.send(f"temp {20 + number}\nled_on 1".encode())
        expect(last_value(page, "temp")).to_have_text(str(20 + number))
    assert drawn(page, "temp")
    expect(page.locator(".messages li").first).to_contain_text("temp 23")
    page.get_by_label("Message", exact=True).fill("led off ☂")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent to 1 device.")).to_be_visible()
    assert board.read(len("led off ☂".encode())) == "led off ☂".encode()
    page.get_by_label("As", exact=True).select_option("hex")
    page.get_by_label("Message", exact=True).fill("ff 0z")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("pairs of 0-9 and a-f")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("ff 00")
    page.get_by_label("To", exact=True).select_option("kind")
    page.get_by_role("button", name="Send", exact=True).click()
    assert board.read(2) == b"\xff\0"
    page.get_by_role("button", name="Ask again").click()
    answer(board, '{"heap_free": 70000, "room": "attic"}')
    expect(page.get_by_label("Data").locator("pre")).to_contain_text("attic")
    expect(last_value(page, "heap_free")).to_have_text("70,000")


def answer(board, data):
    board.expect(board.dialect.getinfo)
    board.send(board.info(data))


def test_a_losant_device_is_commanded_and_its_history_shown(page, world):
    device = world.devices.losant
    for number in (41, 42):
        world.run(device.state({"soil": number, "note": "dry"}))
    go(page, world, "device", "losant", device.made["id"])
    expect(last_value(page, "soil").first).to_have_text("42")
    expect(page.get_by_role("region", name="Last state")).to_contain_text("dry")
    page.get_by_label("Name").fill("water")
    page.get_by_label("Payload").fill('{"litres": ')
    page.get_by_role("button", name="Send command").click()
    expect(page.get_by_text("That begins like JSON, but is none.")).to_be_visible()
    page.get_by_label("Payload").fill('{"litres": 2}')
    page.get_by_role("button", name="Send command").click()
    wait_for(lambda: device.got)
    assert (device.got[0]["name"], device.got[0]["payload"]) == ("water", {"litres": 2})
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("2 states.")).to_be_visible()
    history = page.get_by_role("region", name="History")
    expect(history.locator('[data-series="soil"] canvas')).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "time,note,soil"
    assert [line.split(",")[1:] for line in lines[1:]] == [["dry", "41"], ["dry", "42"]]
    page.get_by_label("Range", exact=True).select_option("")
    page.get_by_label("From", exact=True).fill("2020-01-01T00:00:00")
    page.get_by_label("To", exact=True).fill("2020-01-02T00:00:00")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("0 states.")).to_be_visible()


def test_a_sepl_device_is_commanded_and_answers(page, world):
    gateway = world.devices.gateway
    go(page, world, "device", "sepl", gateway.gid)
    world.run(gateway.event("brightness", 7))
    expect(last_value(page, "lamp brightness")).to_have_text("7")
    page.get_by_label("Service").fill("switch")
    page.get_by_label("Value").fill('{"on": true}')
    page.get_by_role("button", name="Send command").click()
    expect(page.get_by_label("Response")).to_have_text('{"on":true}')
    assert gateway.got[0]["service_url"] == "switch"
    page.get_by_role("button", name="Load events").click()
    events = page.get_by_role("region", name="Events").last
    expect(events).to_contain_text("brightness")


def test_a_commute_device_is_sent_a_value_and_a_payload(page, world):
    doorbell = world.devices.doorbell
    world.run(doorbell.put("volume", 5))
    go(page, world, "device", "commute", "doorbell")
    expect(last_value(page, "volume")).to_have_text("5")
    expect(page.get_by_role("region", name="Sensors")).to_contain_text("volume")
    page.get_by_label("Sensor", exact=True).fill("volume")
    page.get_by_label("Value").fill("3")
    page.get_by_role("button", name="Send", exact=True).click()
    wait_for(lambda: {"sensor": "volume", "value": 3} in doorbell.got)
    page.get_by_label("Sensor", exact=True).fill("")
    page.get_by_label("Value").fill("[1, 2]")
    page.get_by_role("button", name="Send", exact=True).click()
    wait_for(lambda: [1, 2] in doorbell.got)


def test_a_graph_drawn_on_the_page_makes_data_flow(page, world):
    kettle = world.devices.kettle
    go(page, world, "graphs")
    page.get_by_label("Name").fill("kitchen")
    page.get_by_role("button", name="New graph").click()
    expect(page.get_by_role("heading", name="kitchen")).to_be_visible()
    for feature in ("temp-I (input)", "lamp-O (output)"):
        page.get_by_label("Feature").select_option(label=feature)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", name=feature.split(" ")[0])).to_be_visible()
    expect(page.locator(".wires path")).to_have_count(2)
    apply(page, "Join", "def run(x):\n    return x +\n")
    join = page.locator(".stage[data-kind=join]")
    expect(join.locator(".wrong")).to_have_text("2")
    expect(join.locator(".problem")).to_contain_text("line 2: SyntaxError")
    apply(page, "Join", FUNCTION)
    expect(join.locator(".problem")).to_have_text("")
    page.get_by_role("button", name="Watch values").click()
    expect(page.get_by_role("button", name="Watching values")).to_be_visible()
    wait_for(lambda: set(kettle.topics) == {"temp-I", "lamp-O"})
    push_until(world, kettle, 21.5, [43.0])
    expect(page.get_by_label("temp-I: last value")).to_have_text("[21.5] → [21.5]")
    expect(page.get_by_label("Join: last value")).to_have_text("[21.5] → 43")
    expect(page.get_by_label("lamp-O: last value")).to_have_text("[43]")
    apply(page, "lamp-O", "def run(x):\n    y = x\n    return y / 0\n")
    output = page.locator(".stage[data-kind=odf]")
    deadline = time.monotonic() + LIMIT_S
    while "ZeroDivisionError" not in output.inner_text() and time.monotonic() < deadline:
        world.run(kettle.push(1))
        page.wait_for_timeout(100)
    expect(output.locator(".wrong")).to_have_text("3")
    page.get_by_role("button", name="Remove lamp-O").click()
    expect(page.get_by_text("No output.")).to_be_visible()
    go(page, world, "device", "iottalk", kettle.id)
    expect(page.get_by_role("link", name="page / kitchen")).to_be_visible()
    expect(page.get_by_role("region", name="Features")).to_contain_text("°C")
    expect(last_value(page, "temp-I")).to_contain_text("°C")


def test_how_a_graph_takes_values_and_what_helps_its_functions(page, world):
    kettle = world.devices.kettle
    world.call("iottalk", "request", client="page", graph="finer", request={"op": "attach"})
    go(page, world, "graph", "page", "finer")
    page.get_by_label("Feature").select_option(label="lamp-O (output)")
    page.get_by_label("Values").fill("3")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Values").fill("")
    expect(page.locator(".stage[data-kind=odf]")).to_contain_text("3 values")
    page.get_by_label("Feature").select_option(label="temp-I (input)")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("Values are taken").select_option("variant")
    wait_for(lambda: graph_of(world)["inputs"][0]["input_type"] == "variant")
    join = page.locator(".stage[data-kind=join]")
    join.get_by_text("Add a helper function").click()
    join.get_by_label("Name").fill("half of it")
    join.get_by_role("button", name="Add helper").click()
    expect(join).to_contain_text("A name is a word of Python.")
    join.get_by_label("Name").fill("half")
    join.get_by_role("button", name="Add helper").click()
    apply(page, "Join", "def run(x):\n    return iot.half(x)\n")
    apply(page, "Join", "def run(x):\n    y = x\n    return y / 0\n", "Helper half")
    helper = join.locator(".helper")
    push_until_shown(page, world, kettle, helper.locator(".wrong"))
    expect(helper.locator(".wrong")).to_have_text("3")
    expect(helper.locator(".problem")).to_contain_text("ZeroDivisionError")
    assert join.locator(".wrong").count() == 1, "at the line of the helper, not of the function"
    apply(page, "Join", "def run(x):\n    return x / 2 + 7\n", "Helper half")
    push_until(world, kettle, 30, [7.0, 7.0, 7.0])
    page.get_by_role("button", name="Remove helper half of Join").click()
    expect(helper).to_have_count(0)
    assert graph_of(world)["join"]["depends"] == {}
    page.get_by_role("button", name="Remove graph").click()
    expect(page.get_by_role("heading", name="Graphs")).to_be_visible()


def test_two_changes_at_once_do_not_undo_each_other(page, world):
    world.call("iottalk", "request", client="page", graph="finer", request={"op": "attach"})
    go(page, world, "graph", "page", "finer")
    join = page.locator(".stage[data-kind=join]")
    held, let_through = [], []
    page.route(
        "**/iottalk/request",
        lambda route: route.continue_() if let_through else held.append(route),
    )
    join.get_by_text("Add a helper function").click()
    join.get_by_label("Name").fill("half")
    join.get_by_role("button", name="Add helper").click()
    page.wait_for_timeout(300)
    assert len(held) == 1
    editor = page.get_by_role("textbox", name="Function of Join", exact=True)
    editor.fill("def run(x):\n    return iot.half(x)\n")
    inside = page.locator(".editor", has=editor)
    inside.get_by_role("button", name="Apply").click()
    page.wait_for_timeout(300)  # until it would have been sent
    let_through.append(True)
    for route in held:
        route.continue_()
    expect(inside.get_by_role("button", name="Undo")).to_be_hidden()
    expect(join.get_by_label("Name")).to_have_value("")
    found = graph_of(world)["join"]
    assert found["func"]
    assert list(found["depends"]) == ["half"]


def graph_of(world):
    return world.call("iottalk", "graph", client="page", graph="finer")


def push_until_shown(page, world, kettle, locator):
    deadline = time.monotonic() + LIMIT_S
    while not locator.count() and time.monotonic() < deadline:
        world.run(kettle.push(time.monotonic()))
        page.wait_for_timeout(100)


def apply(page, stage, source, what="Function"):
    editor = page.get_by_role("textbox", name=f"{what} of {stage}", exact=True)
    editor.fill(source)
    inside = page.locator(".editor", has=editor)
    inside.get_by_role("button", name="Apply").click()
    expect(inside.get_by_role("button", name="Undo")).to_be_hidden()


def push_until(world, kettle, value, expected):
    def arrived():
        world.run(kettle.push(value))
        time.sleep(0.05)
        return expected in kettle.got

    wait_for(arrived)


def test_the_log_follows_and_filters(page, world):
    go(page, world, "log")
    lines = page.locator(".log li")
    expect(lines.filter(has_text="doorbell").first).to_contain_text("connected")
    world.hub.registry.disconnected("losant", "log-test", "the reason <b>why</b>")
    expect(lines.last).to_contain_text("disconnected: the reason <b>why</b>")
    page.get_by_label("Platform").select_option("commute")
    expect(lines.filter(has_text="log-test")).to_have_count(0)
    page.get_by_label("Platform").select_option("")
    page.get_by_label("Filter lines").fill("LOG-TEST")
    expect(lines).to_have_count(1)
    expect(lines.locator("time")).to_have_attribute("datetime", re.compile(r"^\d{4}-.*Z$"))
