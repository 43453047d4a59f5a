"""A headless Chromium that fails a test for whatever its page complains about."""

import contextlib
import os
import shutil
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from motelink_tools.errors import ToolError

DEADLINE_MS = 60_000  # a bound on hanging: the machine may be busy
expect.set_options(timeout=DEADLINE_MS)
AXE = Path(__file__).with_name("vendor") / "axe.min.js"


def chromium():
    """The installed one; ``make setup`` installs it."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise ToolError("no Chromium; 'make setup' installs it", kind="no_chromium")


@contextlib.contextmanager
def browser():
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs a user: CI's containers have root alone.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = playwright.chromium.launch(executable_path=chromium(), args=root)
        try:
            yield found
        finally:
            found.close()


@contextlib.contextmanager
def page(browser, url, forgiven=(), **options):
    """A page of its own on ``url``. ``forgiven``: parts of what it may complain about."""
    with watched(browser, url, **options) as (found, complaints):
        yield found
        content(complaints, forgiven)


@contextlib.contextmanager
def watched(browser, url, **options):
    """The page, and a list of what it complains about."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    found = context.new_page()
    found.set_default_timeout(DEADLINE_MS)
    complaints = []
    found.on("pageerror", lambda error: complaints.append(str(error)))
    found.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    found.on("dialog", lambda dialog: dialog.accept())
    found.goto(url)
    try:
        yield found, complaints
    finally:
        context.close()


def content(complaints, forgiven=()):
    """Fail for those that are not forgiven."""
    unforgiven = [c for c in complaints if not any(part in c for part in forgiven)]
    assert not unforgiven, unforgiven


def laid_out(page):
    """Wait until the page has been laid out and drawn as it is now, charts too."""
    page.evaluate(
        "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>"
        " requestAnimationFrame(done))))"
    )


def serious(page):
    """What axe-core finds wrong, serious or worse: rule and elements."""
    if not page.evaluate("'axe' in window"):
        # Not as a script of the page: its Content-Security-Policy would rightly refuse that.
        page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], selectors: false})")
    return [
        (violation["id"], [node["html"][:160] for node in violation["nodes"]])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
