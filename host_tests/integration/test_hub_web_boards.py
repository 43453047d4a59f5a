"""Virtual boards on the hub's page, in a real Chromium: real MicroPython, with its faults."""

import time

import pytest
from playwright.sync_api import expect

from .hub_web_browser import page as opened
from .hub_web_browser import serious
from .hub_web_fixtures import browser, go, page, tab
from .hub_web_world import World
from .manager_device import wait_for

__all__ = ["browser", "page", "tab"]

# Chromium complains about what the hub refuses, as some of these tests want it to.
FORGIVEN = ("400 (Bad Request)",)
HOSTILE = '<img src=x onerror=\\"window.owned=1\\">'


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("hub"), only=("commute", "losant")) as world:
        yield world


@pytest.fixture
def board(world):
    """Started, with nothing on it."""
    world.post("api/boards/add", {"name": "bare", "platforms": []})
    world.post("api/boards/start", {"board": "bare"})
    yield "bare"
    world.post("api/boards/remove", {"board": "bare"})


def console(page):
    return page.locator(".terminal")


def type_line(page, text):
    page.get_by_label("Type to the board").fill(text)
    page.keyboard.press("Enter")


def test_a_board_is_made_started_flashed_and_at_work(page, world):
    go(page, world, "boards")
    expect(page.get_by_text("No board yet.")).to_be_visible()
    page.get_by_label("Name").fill("my lamp")
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_text("a board's name has letters")).to_be_visible()
    page.get_by_label("Name").fill("desk")
    page.get_by_label("Heap").select_option("160k")
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_role("heading", name="desk")).to_be_visible()
    expect(page.get_by_role("button", name="Flash")).to_be_disabled()
    page.get_by_role("button", name="Start").click()
    expect(console(page)).to_contain_text('Type "help()" for more information.')
    watch_progress(page)
    page.get_by_role("button", name="Flash").click()
    expect(page.locator(".flashing")).to_contain_text("verified, in")
    seen = page.evaluate("window.progress")
    assert any("file 1" in text or "of 1" in text for text in seen), seen
    assert any("main.py" in text or ".mpy" in text for text in seen), "by file, while it goes on"
    page.get_by_role("link", name="losant device").click()
    expect(page.locator('[data-series="heap_free"] canvas')).to_be_visible()
    page.get_by_label("Name").fill("say")
    page.get_by_label("Payload").fill(HOSTILE.replace("\\", ""))
    page.get_by_role("button", name="Send command").click()
    go(page, world, "board", "desk")
    expect(console(page)).to_contain_text("say: <img src=x")
    assert page.evaluate("window.owned") is None
    go(page, world, "boards")
    card = page.get_by_role("region", name="desk")
    expect(card).to_contain_text("running")
    card.get_by_role("button", name="Stop").click()
    expect(card).to_contain_text("off")


def watch_progress(page):
    """What the line under the bar says, each time that it changes."""
    page.evaluate(
        """() => {
            window.progress = [];
            const line = document.querySelector(".flashing .under");
            new MutationObserver(() => window.progress.push(line.textContent))
                .observe(line, { childList: true, characterData: true, subtree: true });
        }"""
    )


def test_lines_are_typed_recalled_and_interrupted(page, world, board):
    go(page, world, "board", board)
    type_line(page, f'print("{HOSTILE}", chr(0x202e))')
    expect(console(page)).to_contain_text('<img src=x onerror="window.owned=1">')
    assert page.locator(".terminal img").count() == 0
    page.get_by_label("Type to the board").press("ArrowUp")
    expect(page.get_by_label("Type to the board")).to_have_value(
        f'print("{HOSTILE}", chr(0x202e))'
    )
    for number in range(5):  # faster than the hub answers
        type_line(page, f"last = {number}")
    type_line(page, "print('last is', last)")
    expect(console(page)).to_contain_text("last is 4")
    type_line(page, "while True: print('again' * 20)")
    type_line(page, "")
    expect(page.locator(".device-head .state")).to_have_text("running")
    lines = page.locator(".terminal .lines > div")
    expect(lines).to_have_count(1000)
    began = time.monotonic()
    for _ in range(10):
        assert world.get("api/devices").status_code == 200
    assert (time.monotonic() - began) / 10 < 2.5, "s an answer, while it prints without end"
    page.get_by_role("button", name="Interrupt").click()
    expect(console(page)).to_contain_text("KeyboardInterrupt")
    assert lines.count() <= 1000
    at_end = "document.querySelector('.terminal').scrollTop"
    assert page.evaluate(at_end) > 1000, "it follows"
    console(page).focus()
    page.keyboard.press("PageUp")
    expect(page.get_by_label("Follow")).not_to_be_checked()


def test_power_suspending_and_faults(page, world, board):
    go(page, world, "board", board)
    state = page.locator(".device-head .state")
    expect(state).to_have_text("repl")
    page.get_by_role("button", name="Suspend").click()
    expect(state).to_have_text("suspended")
    expect(page.get_by_role("button", name="Interrupt")).to_be_disabled()
    page.get_by_role("button", name="Resume").click()
    expect(state).to_have_text("repl")
    page.get_by_role("button", name="File system full: Set").click()
    expect(page.get_by_role("button", name="File system full: Clear")).to_be_visible()
    type_line(page, "open('x', 'w').write('y' * 9000)")
    expect(console(page)).to_contain_text("OSError: 28")
    page.get_by_role("button", name="File system full: Clear").click()
    page.get_by_label("Slow link: bytes/s").fill("0")
    page.get_by_role("button", name="Slow link: Set").click()
    expect(page.locator(".device-head .outcome")).to_contain_text("slow-link: expected a number")
    page.get_by_label("Slow link: bytes/s").fill("300")
    page.get_by_role("button", name="Slow link: Set").click()
    expect(page.get_by_role("button", name="Slow link: Clear")).to_be_visible()
    wait_for(lambda: world.hub.boards.get(board).public()["faults"] == {"slow-link": 300})
    page.get_by_role("button", name="Power cut: Now").click()
    expect(page.locator(".figures dd").nth(3)).to_have_text("1")
    page.get_by_role("button", name="Stop").click()
    expect(state).to_have_text("off")
    expect(page.get_by_role("button", name="Power cut: Now")).to_be_disabled()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Boards")).to_be_visible()
    world.post("api/boards/add", {"name": board})


def test_what_there_is_not(page, browser, tmp_path, world):
    go(page, world, "board", "nobody")
    expect(page.get_by_text("there is no such board")).to_be_visible()
    with (
        World(tmp_path, only=("commute",), boards=False) as without,
        opened(browser, without.url + "#/boards") as page,
    ):
        expect(page.get_by_text("This hub runs no boards.")).to_be_visible()
        expect(page.get_by_role("button", name="Make")).to_be_hidden()
        assert serious(page) == []


def test_a_terminal_shows_what_line_editors_do(page):
    """In pieces, as they come."""
    shown = """async (pieces) => {
        const { Terminal } = await import("/static/js/terminal.js");
        const terminal = new Terminal("test");
        document.body.append(terminal.box);
        for (const piece of pieces) terminal.write(piece);
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const lines = [...terminal.lines.children].map((line) => line.textContent);
        terminal.box.remove();
        return lines;
    }"""
    cases = (
        (["ab\r\nc\r\n"], ["ab", "c", ""]),
        (["abc\b\bX"], ["aXc"]),
        (["abc\x1b[2D\x1b[KX"], ["aX"]),
        (["abc\x1b", "[1", "D\x1b[", "K!"], ["ab!"]),
        (["ab\x1b[1CX\x1b[9DY"], ["YbX"]),
        (["50 %\r100 %"], ["100 %"]),
        (["\x1b[31mred\x1b[0m\x07\x00\x7f"], ["red"]),
        (["\x1b[?25lhid\x1b[38;5;1m den\x1b[6 q"], ["hid den"]),
        (["\x1b]0;a title\x07a\x1b]8;;http://x\x1b\\b", "\x1b]0;t", "o\x07c"], ["abc"]),
        (["\x1b]0;without end\nnext"], ["", "next"]),
        (["x" * 4500], ["x" * 2000, "x" * 2000, "x" * 500]),
        (["a\n" * 5000 + "end"], [*["a"] * 999, "end"]),
        (["\x1b[99999999999999999999Dx"], ["x"]),
    )
    for pieces, expected in cases:
        assert page.evaluate(shown, pieces) == expected, pieces


def test_an_endless_console_leaves_the_browser_time(page):
    """It is drawn at once, then a few times a second; what came last is shown in the end."""
    drawn = page.evaluate(
        """async () => {
            const { Terminal } = await import("/static/js/terminal.js");
            const terminal = new Terminal("test");
            let drawn = 0;
            new MutationObserver(() => (drawn += 1)).observe(terminal.lines, { childList: true });
            const frame = () => new Promise((done) => requestAnimationFrame(done));
            for (let number = 0; number < 15; number += 1) {
                terminal.write("line\\n".repeat(300));
                await frame();
            }
            const meanwhile = drawn;
            terminal.write("the end");
            while (terminal.last.textContent !== "the end") await frame();
            return [meanwhile, terminal.lines.children.length];
        }"""
    )
    assert 1 <= drawn[0] < 5
    assert drawn[1] == 1000
