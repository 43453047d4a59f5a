"""The hub's page while it loads, while the hub is away, when what it shows changes or goes."""

import json
import re

import pytest
from playwright.sync_api import expect

from .hub_web_browser import laid_out
from .hub_web_browser import page as opened
from .hub_web_fixtures import browser, go, look, page, tab
from .hub_web_world import CommuteDevice, IottalkDevice, World
from .manager_device import wait_for

__all__ = ["browser", "page", "tab"]

FORGIVEN = ("404",)
NONE = {
    "": "No device has connected yet.",
    "graphs": "No graph yet.",
    "boards": "No board yet.",
    "log": "Nothing to show.",
    "device/commute/none": "No message since the hub started.",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hub"), only=("commute", "iottalk", "manager")) as world:
        yield world


def test_what_is_not_known_yet_is_not_said_to_be_missing(browser, tmp_path):
    held = []
    with World(tmp_path, only=("iottalk",)) as world, opened(browser, "about:blank") as page:
        page.route("**/api/live*", lambda route: held.append(route))
        for where, text in NONE.items():
            page.goto("about:blank")
            go(page, world, where)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            if where == "":
                page.wait_for_timeout(1100)  # once a second it says how old things are
            assert page.get_by_text(text).is_hidden(), where
        page.set_viewport_size({"width": 360, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") == 360, "while connecting"
        page.set_viewport_size({"width": 1280, "height": 800})
        go(page, world, "board", "nobody")
        for name in ("Start", "Reset", "Suspend", "Flash"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
        page.unroute("**/api/live*")
        for where, text in NONE.items():
            look(page, world, where)
            if where != "log":
                expect(page.get_by_text(text)).to_be_visible()
        go(page, world, "")
        expect(page.locator(".addresses")).to_contain_text(world.address("iottalk", "mqtt"))


def test_what_is_not_there_has_no_buttons(page, world):
    look(page, world, "board", "nobody")
    expect(page.get_by_text("there is no such board")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_hidden()
    look(page, world, "graph", "page", "later")
    expect(page.get_by_text("There is no such graph.")).to_be_visible()
    for name in ("Watch values", "Remove graph", "Add"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
    world.call("iottalk", "request", client="page", graph="later", request={"op": "attach"})
    expect(page.get_by_text("No input.")).to_be_visible()
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_visible()
    world.call("iottalk", "request", client="page", graph="later", request={"op": "detach"})
    expect(page.get_by_text("There is no such graph.")).to_be_visible()


def test_a_device_that_is_renamed_or_removed_under_an_open_page(page, world):
    key = world.call("commute", "add", device="brief")
    bell = CommuteDevice("brief", key)
    world.run(bell.start(world))
    try:
        look(page, world, "device", "commute", "brief")
        expect(page.locator(".device-head .dot")).to_have_attribute("data-up", "true")
        expect(page).to_have_title("brief · motelink hub")
        world.call("commute", "remove", device="brief")
    finally:
        world.run(bell.stop())
    expect(page.locator(".device-head .state")).to_have_text("not known to this hub")
    expect(page.locator(".device-head .dot")).to_have_attribute("data-up", "false")
    kettle = world.start(IottalkDevice(name="kettle"))
    look(page, world, "device", "iottalk", kettle.id)
    expect(page).to_have_title("kettle · motelink hub")


def test_two_pages_on_one_function(browser, page, world):
    where = {"client": "page", "graph": "shared"}
    world.call("iottalk", "request", **where, request={"op": "attach"})
    with opened(browser, world.url + "#/graph/page/shared") as other:
        look(page, world, "graph", "page", "shared")
        mine, theirs = (one.get_by_label("Function of Join") for one in (page, other))
        mine.fill("def run(x):\n    return 'mine'\n")
        theirs.fill("def run(x):\n    return 'theirs'\n")
        other.get_by_role("button", name="Apply").click()
        expect(page.get_by_text("It was changed elsewhere meanwhile")).to_be_visible()
        expect(mine).to_have_value("def run(x):\n    return 'mine'\n")
        page.get_by_role("button", name="Undo").click()
        expect(mine).to_have_value("def run(x):\n    return 'theirs'\n")
        expect(page.get_by_text("It was changed elsewhere meanwhile")).to_be_hidden()
        mine.fill("def run(x):\n    return 'both'\n")
        page.get_by_role("button", name="Apply").click()
        expect(theirs).to_have_value("def run(x):\n    return 'both'\n")
        expect(other.get_by_text("It was changed elsewhere meanwhile")).to_be_hidden()


def test_typing_goes_on_while_a_function_is_stored(page, world):
    where = {"client": "page", "graph": "typed"}
    world.call("iottalk", "request", **where, request={"op": "attach"})
    look(page, world, "graph", "page", "typed")
    held = []
    page.route("**/iottalk/function", lambda route: held.append(route))
    source = page.get_by_label("Function of Join")
    source.fill("def run(x):\n    return 1\n")
    page.get_by_role("button", name="Apply").click()
    source.press("Control+End")
    source.press_sequentially("# more")
    wait_for(lambda: page.wait_for_timeout(10) or held)
    held[0].continue_()
    expect(page.get_by_role("button", name="Apply")).to_have_attribute("aria-busy", "false")
    wait_for(lambda: world.call("iottalk", "graph", **where)["join"]["func"])
    page.wait_for_timeout(1000)  # the stream says it, too
    expect(source).to_have_value("def run(x):\n    return 1\n# more")
    expect(page.get_by_role("button", name="Apply")).to_be_enabled()
    page.unroute("**/iottalk/function")


def test_features_that_cannot_be_asked_for_are_said(page, world):
    kettles = [world.start(IottalkDevice(name=f"kettle {n}")) for n in range(2)]
    world.call("iottalk", "request", client="page", graph="f", request={"op": "attach"})
    look(page, world, "graph", "page", "f")
    page.route(
        "**/iottalk/about*",
        lambda route: route.fulfill(status=404, json={"error": "it is gone"}),
    )
    page.get_by_label("Device", exact=True).select_option(kettles[1].id)
    expect(page.get_by_label("Feature", exact=True).locator("option")).to_have_count(0)
    expect(page.get_by_text("it is gone")).to_be_visible()
    page.unroute("**/iottalk/about*")
    page.get_by_label("Device", exact=True).select_option(kettles[0].id)
    expect(page.get_by_label("Feature", exact=True).locator("option")).to_have_count(2)


def test_nothing_is_read_out_with_every_message(page, world):
    """Regions that screen readers follow have what a person did or must know, no figures."""
    device = world.manager_device("{}", kind="lamp")
    world.call("iottalk", "request", client="page", graph="quiet", request={"op": "attach"})
    for where in (f"device/manager/{device.uuid}", "graph/page/quiet", ""):
        look(page, world, where)
        device.send(b"temp 21")
        if where.startswith("device"):
            expect(page.locator(".last")).to_have_text("21")
        followed = page.locator('output:not([aria-live="off"]), [role=status]')
        said = " ".join(followed.all_inner_texts())
        assert "/s" not in said
        assert "21" not in said
    expect(page.locator(".summary [role=status]")).to_contain_text("connected")


def test_a_narrow_screen_sorts_and_says_that_the_hub_is_away(browser, tmp_path):
    world = World(tmp_path, only=("commute",))
    narrow = {"width": 360, "height": 700}
    with world, opened(browser, world.url, forgiven=("ERR_",), viewport=narrow) as page:
        for number in range(3):
            world.hub.registry.connected("commute", f"bell {number}", kind=f"bell {number}")
        world.hub.registry.disconnected("commute", "bell 1", "why")
        names = page.locator("table.devices tbody a")
        expect(names).to_have_text(["bell 0", "bell 1", "bell 2"])
        for _ in range(2):
            world.hub.registry.connected("commute", "bell 1", kind="bell 1")
        page.get_by_label("Sort by").select_option(label="Reconnects")
        expect(names.first).to_have_text("bell 1")
        page.get_by_role("button", name="Descending").click()
        expect(names.last).to_have_text("bell 1")
        expect(page.locator(".c-reconnects").last).to_be_visible()
        page.route("**/api/**", lambda route: route.abort())
        page.evaluate(
            "import('/static/js/live.js').then(({ live }) => live.open({}))",
        )
        away = page.locator("#connection")
        expect(away).to_have_text("hub away, trying again")
        assert away.evaluate("e => e.scrollWidth <= e.clientWidth"), "all of it is seen"


def test_a_pause_over_a_new_beginning_shows_nothing_twice(page, world):
    device = world.manager_device("{}", kind="lamp")
    look(page, world, "device", "manager", device.uuid)
    lines = page.locator(".messages li")
    device.send(b"one")
    expect(lines).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    device.send(b"two")
    path = f"api/devices/manager/{device.uuid}"
    wait_for(lambda: len(world.get(path).json()["messages"]) == 2)
    page.wait_for_timeout(300)
    expect(lines).to_have_count(1)
    page.evaluate(
        "where => import('/static/js/live.js').then(({ live }) => live.open({ device: where }))",
        f"manager/{device.uuid}",
    )
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Go on").click()
    expect(lines.locator("code")).to_have_text(["two", "one"])


def test_a_message_of_many_lines_is_whole(page, world):
    device = world.manager_device("{}", kind="lamp")
    look(page, world, "device", "manager", device.uuid)
    device.send("\n".join(f"line {n} is here" for n in range(5)).encode())
    shown = page.locator(".messages code").first
    expect(shown).to_contain_text("line 4")
    assert shown.evaluate("e => e.scrollHeight <= e.clientHeight")
    assert shown.evaluate("e => getComputedStyle(e).maxHeight") == "none"


def test_marks_of_an_axis_differ_and_figures_keep_their_digits(page):
    cases = {
        (0, 0.5, 1): ["0", "0.5", "1.0"],
        (1234700, 1234750): ["1.23470M", "1.23475M"],
        (-123456800, -123456700): ["-123.4568M", "-123.4567M"],
        (159980, 160000, 160020): ["159.98k", "160.00k", "160.02k"],
        (0, 1e-7, 2e-7): ["0", "1.0e-7", "2.0e-7"],
        (55000, 60000): ["55k", "60k"],
        (7,): ["7"],
    }
    for ticks, expected in cases.items():
        found = page.evaluate(
            "ticks => import('/static/js/charts.js').then(({ marks }) => marks(ticks))",
            list(ticks),
        )
        assert found == expected
    figures = {1234567.25: "1,234,567.3", 1e15: "1.000e+15", 20.4764003: "20.4764", 2: "2"}
    for value, expected in figures.items():
        found = page.evaluate(
            "value => import('/static/js/format.js').then(({ number }) => number(value))", value
        )
        assert found == expected


def test_ages_are_by_the_hubs_clock(browser, world):
    """A board computer without a clock, or a phone with a wrong one."""
    wrong = "Date.now = () => 4000000000000"
    bell = world.manager_device("{}", kind="lamp")
    with opened(browser, "about:blank") as page:
        page.add_init_script(wrong)
        page.goto(world.url)
        row = page.locator("table.devices tbody tr").filter(has_text=bell.uuid)
        expect(row.locator(".c-last_seen")).to_have_text(re.compile("^(now|\\d+ (s|min) ago)$"))
        assert json.loads(page.evaluate("JSON.stringify(Date.now())")) == 4000000000000


def test_a_chart_that_is_zoomed_stays_so_while_points_come(page):
    page.evaluate(
        """() => import('/static/js/charts.js').then(({ Chart }) => {
            window.chart = new Chart("number");
            document.getElementById("main").replaceChildren(chart.element);
            const times = Array.from({ length: 61 }, (_, n) => n);
            chart.add({ t: times.map((n) => 1000 + n), v: times });
        })"""
    )
    over = page.locator(".u-over")
    over.wait_for()
    box = over.bounding_box()
    last = page.locator(".last")

    def point(share):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2, steps=3)

    def at(share):
        point(share)
        laid_out(page)
        return float(last.inner_text())

    laid_out(page)
    assert at(0.01) < 3
    point(1 / 3)
    page.mouse.down()
    point(1 / 2)
    page.mouse.up()
    assert 18 < at(0.01) < 23
    assert 28 < at(0.99) < 33
    page.evaluate("chart.add({ t: [1061], v: [61] })")
    laid_out(page)
    assert 18 < at(0.02) < 23
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + 20)
    assert at(0.01) < 3
    assert at(0.99) > 58
