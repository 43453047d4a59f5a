"""The pictures in docs/screenshots, of the demo: pages in light and dark, two of them narrow, too.

``python -m host_tests.integration.demo_screenshots``
"""

import re
import subprocess
import sys
from pathlib import Path

from .hub_web_browser import browser, page

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WORK_S = 45  # until charts have a shape
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 800}


def take(opened, name, *, narrow=False, height=800):
    """All pictures of the page that is open."""
    for scheme, ending in (("light", ""), ("dark", "-dark")):
        opened.emulate_media(color_scheme=scheme)
        for size, kind in ((WIDE, ""), (NARROW, "-narrow"))[: 1 + narrow]:
            opened.set_viewport_size(size if kind else {**size, "height": height})
            opened.wait_for_timeout(1500)
            opened.evaluate("document.activeElement.blur()")
            opened.mouse.move(size["width"] - 1, height - 1)
            opened.screenshot(path=FOLDER / f"{name}{kind}{ending}.png")
    opened.emulate_media(color_scheme="light")
    opened.set_viewport_size(WIDE)


def shoot(url):
    """The demo's hub, once it has worked for a while."""
    with browser() as chromium, page(chromium, url, forgiven=("ERR_",)) as opened:
        rows = opened.locator("table.devices tbody tr")
        rows.filter(has_text="manager").first.wait_for()
        opened.wait_for_timeout(WORK_S * 1000)
        take(opened, "overview", narrow=True, height=460)
        rows.filter(has_text="losant").first.get_by_role("link").click()
        take(opened, "device")
        opened.get_by_role("link", name="Graphs").click()
        opened.locator("table.graphs a").first.click()
        opened.get_by_role("button", name="Watch values").click()
        opened.wait_for_timeout(3000)
        take(opened, "graph")
        opened.get_by_role("link", name="Boards").click()
        opened.get_by_role("link", name="demo").click()
        take(opened, "board", narrow=True)


def main():
    """Run the demo, and end it."""
    command = [sys.executable, "-m", "motelink_tools", "demo", "--seconds", "300"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        try:
            lines = (re.search(r"http://127\.0\.0\.1:\d+/", line) for line in demo.stdout)
            shoot(next(found[0] for found in lines if found))
        finally:
            demo.terminate()
            demo.communicate(timeout=20)


if __name__ == "__main__":
    main()
