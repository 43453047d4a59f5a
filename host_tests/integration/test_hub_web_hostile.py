"""Nothing that a device says is ever more than text on the hub's page."""

import json
import urllib.parse

from playwright.sync_api import expect

from .hub_web_browser import page as opened
from .hub_web_fixtures import browser, go, look
from .hub_web_world import CommuteDevice, IottalkDevice, LosantDevice, SeplGateway, World

__all__ = ["browser"]

HOSTILE = (
    "<img src=x onerror=\"window.owned='img'\">",
    "'\"><script>window.owned='script'</script>",
    "javascript:window.owned='link'",
    "\u202e\u0000</textarea><svg onload=\"window.owned='svg'\">",
    "${window.owned='template'}{{constructor.constructor('window.owned=1')()}}",
    "\uff21" * 1000 + "\U0001d54f",
)


def test_what_devices_say_is_text_wherever_it_is_shown(browser, tmp_path):
    with World(tmp_path / "hub") as world, opened(browser, world.url) as page:
        registry = world.hub.registry
        for number, text in enumerate(HOSTILE):
            registry.connected("manager", text, kind=text, address=text)
            message = json.dumps({text: number}).encode()
            registry.message_in("manager", text, len(message), message)
            registry.message_in("strange " + text, text, len(text), text.encode())
            registry.disconnected("losant", text, text)
        unprintable = HOSTILE[3]
        names = [text for text in HOSTILE if text != unprintable]
        kettles = [
            world.start(
                IottalkDevice(name[:100], name[:100], "o" + name[:99], name, {"model": name})
            )
            for name in names
        ]
        made = world.call("losant", "add", name=names[0], attributes={names[1]: "number"})
        device = world.start(LosantDevice(made))
        world.run(device.state({names[1]: 1}))
        gateway = world.start(
            SeplGateway(world.call("sepl", "add_user", name="me"), names[0], names[1])
        )
        world.run(gateway.event(names[2], names[1]))
        bell = CommuteDevice(names[0], world.call("commute", "add", device=names[0]))
        world.run(world.start(bell).put(names[1], names[0]))
        graph = {"client": names[0][:60], "graph": names[1][:60]}
        kettle = kettles[1]
        for request in (
            {"op": "attach"},
            {"op": "add_link", "da_id": kettle.id, "idf": kettle.idf, "func": None},
        ):
            world.call("iottalk", "request", **graph, request=request)
        digest = world.call("iottalk", "function", **graph, source=names[1] + "\n(")["digest"]
        join = {"op": "set_join", "prev": None, "new": digest}
        world.call("iottalk", "request", **graph, request=join)
        expect(page.locator("table.devices")).to_contain_text("onerror")
        pages = ["", "graphs", "log", f"graph/{quoted(graph['client'])}/{quoted(graph['graph'])}"]
        rows = world.get("api/devices").json()["devices"]
        pages += [f"device/{quoted(row['platform'])}/{quoted(row['id'])}" for row in rows]
        go(page, world, "nowhere")
        for where in pages:
            look(page, world, where)
            assert page.locator("h1, .empty").first.is_visible()
            assert page.evaluate("window.owned") is None, where
            assert page.locator("main img, main script, [onerror], [onload]").count() == 0, where
            assert page.locator('main a[href^="javascript"]').count() == 0
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not wide, f"{where[:200]} is wider than the window"


def quoted(text):
    return urllib.parse.quote(text, safe="")


def test_a_script_that_got_in_would_not_run(browser, tmp_path):
    refusals = ("Content Security Policy", "TrustedHTML", "TrustedScript", "Trusted Type")
    with (
        World(tmp_path, only=("commute",)) as world,
        opened(browser, world.url, forgiven=refusals) as page,
    ):
        for attempt in (
            "s = document.createElement('script'); s.text = 'owned = 1'; document.body.append(s)",
            "document.body.innerHTML = '<img src=x onerror=\"window.owned = 1\">'",
            "document.body.setAttribute('onclick', 'window.owned = 1'); document.body.click()",
            "setTimeout('window.owned = 1')",
        ):
            page.evaluate(f"() => {{ try {{ {attempt} }} catch (error) {{ }} }}")
            page.wait_for_timeout(50)
            assert page.evaluate("window.owned") is None, attempt
