"""Fixtures of the page's tests: a browser, a hub with a device of each platform, a page on it."""

import pytest

from .hub_web_browser import DEADLINE_MS, content, laid_out, watched
from .hub_web_browser import browser as running_browser
from .hub_web_world import CommuteDevice, IottalkDevice, LosantDevice, SeplGateway, World


class Devices:
    """One of each platform."""

    def __init__(self, world):
        self.board = world.manager_device('{"heap_free": 81200, "heap_low": 60544}', kind="lamp")
        self.made = world.call("losant", "add", name="greenhouse", attributes={})
        self.losant = world.start(LosantDevice(self.made))
        self.kettle = world.start(IottalkDevice())
        self.gateway = world.start(SeplGateway(world.call("sepl", "add_user", name="me")))
        key = world.call("commute", "add", device="doorbell")
        self.doorbell = world.start(CommuteDevice("doorbell", key))


@pytest.fixture(scope="module")
def browser():
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hub")) as world:
        world.devices = Devices(world)
        yield world


@pytest.fixture(scope="module")
def tab(browser, world):
    """One for a module's tests: what takes time is loading the page's files."""
    with watched(browser, world.url) as tab:
        yield tab


@pytest.fixture
def page(tab, world, request):
    """On the overview. A module's ``FORGIVEN`` are parts of what it may complain about."""
    page, complaints = tab
    complaints.clear()
    go(page, world, "")
    yield page
    content(complaints, getattr(request.module, "FORGIVEN", ()))


def go(page, world, *words):
    page.goto(f"{world.url}#/" + "/".join(words))


def look(page, world, *words):
    """Go to another page, until what its stream begins with is shown."""
    page.evaluate(
        """async () => {
            const { live } = await import("/static/js/live.js");
            window.begun = false;
            window.begins ??= live.addEventListener("devices", ({ detail }) => {
                window.begun ||= detail.all;
            }) ?? true;
        }"""
    )
    go(page, world, *words)
    page.evaluate(
        """async (deadline) => {
            for (const end = Date.now() + deadline; !window.begun;) {
                if (Date.now() > end) throw new Error("the stream brings nothing");
                await new Promise((done) => setTimeout(done, 2));
            }
        }""",
        DEADLINE_MS,
    )
    laid_out(page)
